#include <asm/ioctls.h>

#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

static _Noreturn void become(const struct run *run);
static int find_and_run(char **argv, char **env);

int start_command(const struct run *run, int input, int output, int terminal) {
  int pid = sys_fork();
  if (pid != 0) return pid;
  sys_setsid();
  if (terminal) sys_ioctl(input, TIOCSCTTY, (void *)1);
  sys_dup2(input, 0);
  sys_dup2(output, 1);
  sys_dup2(output, 2);
  struct sigaction usual = {SIG_DFL, 0, 0, 0}; /* handlers go with the exec, what is ignored and masked would stay */
  sys_sigaction(SIGPIPE, &usual);
  const sigset_t none = 0;
  sys_sigmask(&none);
  become(run);
}

int exit_status(int wait_status) {
  int signal = wait_status & 0x7f;
  return signal != 0 ? 128 + signal : wait_status >> 8 & 0xff;
}

static _Noreturn void become(const struct run *run) {
  static char *shell[] = {"-sh", 0}; /* the dash makes it a login shell: /etc/profile */
  int failed = sys_chdir(run->directory);
  if (failed < 0) {
    say("directory ", run->directory, ": ", error_text(failed), (char *)0);
    sys_exit(126);
  }
  if (run->argv == 0) {
    failed = sys_execve("/bin/sh", shell, run->env);
    say("cannot run /bin/sh: ", error_text(failed), (char *)0);
  } else {
    failed = find_and_run(run->argv, run->env);
    say("cannot run ", run->argv[0], ": ", error_text(failed),
        failed == -ENOENT ? ": it (and its interpreter) must be in the guest's PATH" : "", (char *)0);
  }
  sys_exit(failed == -ENOENT ? 127 : 126);
}

/* As execvp: a name without a slash is looked for in each folder of PATH. */
static int find_and_run(char **argv, char **env) {
  const char *name = argv[0], *path = "/bin";
  if (*name == 0) return -ENOENT;
  for (const char *at = name; *at != 0; at++)
    if (*at == '/') return sys_execve(name, argv, env);
  for (char **variable = env; *variable != 0; variable++) {
    const char *value = text_after(*variable, "PATH=");
    if (value != 0) path = value;
  }
  int result = -ENOENT;
  while (*path != 0) {
    char folder[4096], full[4096];
    size_t length = 0;
    for (; *path != 0 && *path != ':'; path++)
      if (length + 1 < sizeof folder) folder[length++] = *path;
    folder[length] = 0;
    if (*path == ':') path++;
    text_join(full, sizeof full, length == 0 ? "." : folder, "/", name, (char *)0);
    int failed = sys_execve(full, argv, env);
    if (failed != -ENOENT && failed != -ENOTDIR) result = failed;
    if (failed != -ENOENT && failed != -ENOTDIR && failed != -EACCES) break;
  }
  return result;
}

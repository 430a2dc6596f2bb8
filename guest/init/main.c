/*
 * The first process of volt's own initramfs: sets the guest up, runs one command (or a shell), and takes the machine
 * down with the command's exit status. It never exits: the kernel would panic.
 */
#include <linux/reboot.h>

#include "../lib/machine.h"
#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

const char *const program = "volt-init";

static struct {
  volatile int child;   /* SIGCHLD: somebody is to be reaped */
  volatile int outside; /* Ctrl-Alt-Del: whoever runs the machine wants it down */
  volatile int inside;  /* poweroff, reboot, halt, kill 1: the guest itself wants it */
} asked;

static void catch_signals(void);
static int run_command(const struct run *run, int console);
static int connect(const struct run *run, int console, struct relay *relay, int ends[2]);
static int supervise(int command, const struct run *run, struct relay *relay);
static int reap(int command, int *status);
static void tell_ready(const struct run *run);

int main(int argc, char **argv) {
  (void)argc, (void)argv;
  if (sys_getpid() != 1) {
    say("this is a guest's first process; it does nothing anywhere else", (char *)0);
    return 1;
  }
  mount_file_systems();
  catch_signals();
  struct run run;
  int damaged = read_run_file(&run);
  load_modules();
  sys_sethostname(run.hostname, text_length(run.hostname));
  raise_loopback();
  watch_buttons();
  int console = open_console(&run);
  for (int fd = 0; fd <= 2; fd++) sys_dup2(console, fd);
  if (!run.terminal) quiet_kernel("1"); /* what goes to a file is the command's output, and a panic */
  if (damaged) go_down(125);
  if (run.root != 0 && enter_root(run.root, run.root_read_only) < 0) go_down(125);
  if (run.root != 0 && run.argv == 0) {
    tell_ready(&run);
    become_init(&run);
  }
  go_down(run_command(&run, console));
}

static void on_signal(int signal) {
  if (signal == SIGCHLD) asked.child = 1;
  else if (signal == SIGINT) asked.outside = 1;
  else asked.inside = 1;
}

void restore_signal(void);
__asm__("restore_signal:\n  mov $15, %eax\n  syscall\n"); /* rt_sigreturn */

/* Signals are blocked but while it waits, so that none comes between a look and the wait. What PID 1 does not handle,
   the kernel drops. BusyBox's halt and poweroff send SIGUSR1 and SIGUSR2, its reboot SIGTERM. */
static void catch_signals(void) {
  sigset_t all = ~0ul;
  sys_sigmask(&all);
  struct sigaction handle = {on_signal, SA_RESTORER, restore_signal, ~0ul};
  struct sigaction ignore = {SIG_IGN, SA_RESTORER, restore_signal, 0};
  const int handled[] = {SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR};
  for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) sys_sigaction(handled[i], &handle);
  sys_sigaction(SIGPIPE, &ignore);
  sys_reboot(LINUX_REBOOT_CMD_CAD_OFF); /* Ctrl-Alt-Del becomes SIGINT, where it would reset without a sync */
}

static int run_command(const struct run *run, int console) {
  static struct relay relay;
  int ends[2] = {console, console};
  int failed = run->terminal ? 0 : connect(run, console, &relay, ends);
  int command = failed < 0 ? failed : start_command(run, ends[0], ends[1], run->terminal);
  if (command < 0) {
    say("cannot start a process: ", error_text(command), ": give the guest more memory", (char *)0);
    return 125;
  }
  if (!run->terminal) sys_close(ends[0]), sys_close(ends[1]);
  tell_ready(run);
  int status = supervise(command, run, run->terminal ? 0 : &relay);
  stop_everything();
  if (!run->terminal) relay_drain(&relay);
  return status;
}

/* The command's pipes, to the console or to ports of their own. `ends` gets the command's ends: 0 or -errno. */
static int connect(const struct run *run, int console, struct relay *relay, int ends[2]) {
  if (run->input == 0 || run->output == 0) return relay_open(relay, console, console, 1, ends);
  int source = open_port(run->input, O_RDONLY | O_NONBLOCK);
  int sink = open_port(run->output, O_RDWR | O_NONBLOCK);
  if (source < 0 || sink < 0) {
    say("cannot open the port ", source < 0 ? run->input : run->output, ": ", error_text(source < 0 ? source : sink),
        ": does this kernel have a driver for virtio consoles?", (char *)0);
    return source < 0 ? source : sink;
  }
  return relay_open(relay, source, sink, 0, ends);
}

/* Until the command ends: its exit status. Orphans become this process's children, and are reaped here as well. */
static int supervise(int command, const struct run *run, struct relay *relay) {
  const sigset_t none = 0;
  int status = 0, stopping = 0, by_itself = 0;
  long deadline = 0;
  for (;;) {
    if (asked.child) {
      asked.child = 0;
      if (reap(command, &status)) break;
    }
    if (!stopping && (asked.outside || asked.inside)) {
      stopping = 1;
      by_itself = !asked.outside;
      deadline = sys_milliseconds() + run->grace * 1000l;
      sys_kill(-command, SIGTERM);
      if (run->argv == 0) sys_kill(-command, SIGHUP); /* an interactive shell ignores SIGTERM */
      sys_kill(-command, SIGCONT);                    /* a stopped process hears nothing until it goes on */
    }
    long left = deadline - sys_milliseconds();
    if (stopping && left <= 0) {
      sys_kill(-command, SIGKILL);
      stopping = 2;
    }

    struct pollfd fds[BUTTON_FDS + RELAY_FDS];
    size_t count = button_fds(fds);
    if (relay != 0) count += relay_fds(relay, fds + count);
    struct __kernel_timespec timeout = {left / 1000, left % 1000 * 1000000};
    sys_poll(fds, count, stopping == 1 ? &timeout : 0, &none);
    if (relay != 0) relay_move(relay);
    if (button_pressed()) asked.outside = 1;
  }
  /* A command that died of a power-off the guest asked for did not fail. */
  return by_itself && (status & 0x7f) != 0 ? 0 : exit_status(status);
}

static int reap(int command, int *status) {
  int pid, ended, found = 0;
  while ((pid = sys_wait(-1, &ended, 1 /* WNOHANG */)) > 0) {
    if (pid != command) continue;
    *status = ended;
    found = 1;
  }
  return found;
}

/* Until this byte the console echoes and edits: the monitor holds its input back. */
static void tell_ready(const struct run *run) {
  if (run->ready_port == 0) return;
  int failed = port_write(run->ready_port, 1);
  if (failed < 0) say("cannot tell the monitor that the console is ready: ", error_text(failed), (char *)0);
}

_Noreturn void go_down(int status) {
  sys_sync();
  sys_ioctl(1, 0x5409 /* TCSBRK */, (void *)1); /* tcdrain: the last of the output */
  unmount_file_systems();
  int failed = machine_off(status);
  say("cannot power off: ", error_text(failed), (char *)0);
  for (;;) sys_poll(0, 0, 0, 0);
}

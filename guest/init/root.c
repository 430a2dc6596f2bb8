#include <linux/mount.h>

#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

#define NEW_ROOT "/volt/root"
/* A driver that is a module finds its disk a little later. */
#define PATIENCE_MS 10000

static int mount_any(const char *device, unsigned long flags);
static int mount_listed(const char *device, unsigned long flags);
static void take_along(void);

int enter_root(const char *device, int read_only) {
  long deadline = sys_milliseconds() + PATIENCE_MS;
  while (sys_access(device) < 0) {
    if (sys_milliseconds() > deadline) {
      say("root disk ", device, ": it did not appear: is its driver in this kernel?", (char *)0);
      return -1;
    }
    struct __kernel_timespec moment = {0, 2000000};
    sys_poll(0, 0, &moment, 0);
  }
  sys_mkdir(NEW_ROOT, 0755);
  int failed = mount_any(device, read_only ? MS_RDONLY : 0);
  if (failed < 0) {
    say("root disk ", device, ": cannot mount it: ", error_text(failed),
        ": is there a file system on it that this kernel knows?", (char *)0);
    return -1;
  }
  take_along();
  if (sys_chdir(NEW_ROOT) < 0 || sys_mount(".", "/", 0, MS_MOVE, 0) < 0 || sys_chroot(".") < 0 || sys_chdir("/") < 0) {
    say("root disk ", device, ": cannot make it the root", (char *)0);
    return -1;
  }
  return 0;
}

/* First those that are modules, by name: the kernel asks modprobe for them. Then whatever else the kernel has. */
static int mount_any(const char *device, unsigned long flags) {
  static const char *const names[] = {"ext4", "xfs", "btrfs", "squashfs", "erofs"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int failed = sys_mount(device, NEW_ROOT, names[i], flags, 0);
    /* EACCES, EROFS: a disk that can't be written. EINVAL: another file system. ENODEV: no such driver. */
    if (failed == -EACCES || failed == -EROFS) failed = sys_mount(device, NEW_ROOT, names[i], flags | MS_RDONLY, 0);
    if (failed == 0) return 0;
  }
  return mount_listed(device, flags);
}

/* /proc/filesystems: "nodev", a tab, a name; without "nodev" it is one for disks. */
static int mount_listed(const char *device, unsigned long flags) {
  static char list[8192];
  long length = read_text("/proc/filesystems", list, sizeof list);
  int failed = -ENODEV;
  char *line = list;
  for (long i = 0; i < length; i++) {
    if (list[i] != '\n') continue;
    list[i] = 0;
    if (line[0] == '\t') {
      int result = sys_mount(device, NEW_ROOT, line + 1, flags, 0);
      if (result == -EACCES || result == -EROFS) result = sys_mount(device, NEW_ROOT, line + 1, flags | MS_RDONLY, 0);
      if (result == 0) return 0;
      failed = result;
    }
    line = list + i + 1;
  }
  return failed;
}

/* A disk without such a folder goes without: it can't be made on one that is read-only. */
static void take_along(void) {
  static const char *const mounts[] = {"/dev", "/proc", "/sys", "/run", "/tmp"};
  for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
    char to[64];
    text_join(to, sizeof to, NEW_ROOT, mounts[i], (char *)0);
    sys_mkdir(to, 0755);
    sys_mount(mounts[i], to, 0, MS_MOVE, 0);
  }
}

_Noreturn void become_init(const struct run *run) {
  static const char *const inits[] = {"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};
  const sigset_t none = 0;
  struct sigaction usual = {SIG_DFL, 0, 0, 0};
  sys_sigaction(SIGPIPE, &usual);
  sys_sigmask(&none);
  int failed = -ENOENT;
  for (size_t i = 0; i < sizeof inits / sizeof *inits && failed == -ENOENT; i++) {
    char *argv[] = {(char *)inits[i], 0};
    failed = sys_execve(inits[i], argv, run->env);
  }
  say("the root disk has no init that runs (/sbin/init, /etc/init, /bin/init, /bin/sh): ", error_text(failed),
      ": give a command after `--`", (char *)0);
  go_down(125);
}

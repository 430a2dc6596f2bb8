#include <linux/mount.h>

#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

static const struct {
  const char *at, *type, *options;
  unsigned long flags;
  int needed;
} table[] = {
    {"/proc", "proc", 0, MS_NOSUID | MS_NODEV | MS_NOEXEC, 1},
    {"/sys", "sysfs", 0, MS_NOSUID | MS_NODEV | MS_NOEXEC, 1},
    {"/dev", "devtmpfs", "mode=0755", MS_NOSUID, 1},
    {"/dev/pts", "devpts", "mode=0620,gid=5,ptmxmode=0666", MS_NOSUID | MS_NOEXEC, 0},
    {"/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV, 0},
    {"/run", "tmpfs", "mode=0755", MS_NOSUID | MS_NODEV, 0},
    {"/tmp", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV, 0},
    {"/sys/fs/cgroup", "cgroup2", 0, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0},
};

static void fill_standard_descriptors(void);
static void unmount_lines(char *line, char *end);

void mount_file_systems(void) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    sys_mkdir(table[i].at, 0755);
    int failed = sys_mount(table[i].type, table[i].at, table[i].type, table[i].flags, table[i].options);
    if (failed < 0 && failed != -EBUSY && table[i].needed)
      say("cannot mount ", table[i].at, ": ", error_text(failed), (char *)0);
  }
  sys_symlink("/proc/self/fd", "/dev/fd");
  sys_symlink("/proc/self/fd/0", "/dev/stdin");
  sys_symlink("/proc/self/fd/1", "/dev/stdout");
  sys_symlink("/proc/self/fd/2", "/dev/stderr");
  fill_standard_descriptors();
}

/* A kernel that found no console starts PID 1 without descriptors; whatever is opened next would become stdin. */
static void fill_standard_descriptors(void) {
  int fd;
  while ((fd = sys_open("/dev/null", O_RDWR)) >= 0 && fd <= 2) {
  }
  if (fd > 2) sys_close(fd);
}

void unmount_file_systems(void) {
  static char mounts[65536];
  long length = read_text("/proc/self/mounts", mounts, sizeof mounts);
  if (length > 0) unmount_lines(mounts, mounts + length);
}

/* "DEVICE DIRECTORY TYPE OPTIONS 0 0", oldest first: the last mounted goes first. */
static void unmount_lines(char *line, char *end) {
  char *rest = line;
  while (rest < end && *rest != '\n') rest++;
  if (rest + 1 < end) unmount_lines(rest + 1, end);
  char *directory = line;
  while (directory < rest && *directory != ' ') directory++;
  char *directory_end = ++directory;
  while (directory_end < rest && *directory_end != ' ') directory_end++;
  if (directory_end >= rest) return;
  *directory_end = 0;
  if (text_same(directory, "/proc") || text_same(directory, "/sys") || text_same(directory, "/dev")) return;
  /* A name with a blank (written \040) stays: what is on it has been synced. */
  if (sys_umount(directory) < 0) sys_mount(0, directory, 0, MS_REMOUNT | MS_RDONLY, 0);
}

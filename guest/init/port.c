#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

#define FOLDER "/sys/class/virtio-ports/"
/* A driver takes a millisecond from its module to its devices: it talks with the monitor about them. */
#define PATIENCE_MS 5000
#define NAP_NS 500000

static int find(const char *name, char *path, size_t size);
static int has_name(const char *entry, const char *name);
static void nap(void);

int wait_for_path(const char *folder, const char *name) {
  char path[300];
  text_join(path, sizeof path, folder, name, (char *)0);
  long deadline = sys_milliseconds() + PATIENCE_MS;
  while (sys_access(path) < 0) {
    if (sys_milliseconds() >= deadline) return -ENODEV;
    nap();
  }
  return 0;
}

int open_port(const char *name, int flags) {
  char path[300];
  long deadline = sys_milliseconds() + PATIENCE_MS;
  while (!find(name, path, sizeof path)) {
    if (sys_milliseconds() >= deadline) return -ENODEV;
    nap();
  }
  return sys_open(path, flags | O_CLOEXEC);
}

/* Each entry of the folder is called as its device in /dev, and has a file with the port's name. */
static int find(const char *name, char *path, size_t size) {
  struct entry {
    uint64_t inode, offset;
    unsigned short size;
    unsigned char type;
    char name[];
  } __attribute__((packed));
  char entries[2048];
  long got;
  int found = 0, fd = sys_open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return 0;
  while (!found && (got = sys_getdents(fd, entries, sizeof entries)) > 0)
    for (long at = 0; at < got && !found; at += ((const struct entry *)(entries + at))->size) {
      const char *entry = ((const struct entry *)(entries + at))->name;
      found = has_name(entry, name);
      if (found) text_join(path, size, "/dev/", entry, (char *)0);
    }
  sys_close(fd);
  return found && sys_access(path) == 0;
}

static int has_name(const char *entry, const char *name) {
  char path[300], text[64];
  text_join(path, sizeof path, FOLDER, entry, "/name", (char *)0);
  long length = read_text(path, text, sizeof text);
  if (length > 0 && text[length - 1] == '\n') text[length - 1] = 0;
  return length > 0 && text_same(text, name);
}

static void nap(void) {
  struct __kernel_timespec time = {0, NAP_NS};
  sys_poll(0, 0, &time, 0);
}

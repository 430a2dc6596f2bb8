#include <linux/inotify.h>
#include <linux/input-event-codes.h>
#include <linux/ioctl.h>

#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

#define FOLDER "/dev/input"

/* linux/input.h wants a C library's headers; this is its layout for 64-bit programs. */
struct input_event {
  long seconds, microseconds;
  uint16_t type, code;
  int32_t value;
};
#define EVIOCGBIT(type, size) _IOC(_IOC_READ, 'E', 0x20 + (type), size)

static int folder_watch = -1;
static int buttons[BUTTON_FDS - 1];
static size_t button_count;

static void look_at_folder(void);
static void try_device(const char *name);

/* The folder is made here if no device has come yet, so that there is something to watch. */
void watch_buttons(void) {
  sys_mkdir(FOLDER, 0755);
  folder_watch = sys_inotify(IN_NONBLOCK | IN_CLOEXEC);
  if (folder_watch >= 0) sys_inotify_watch(folder_watch, FOLDER, IN_CREATE);
  look_at_folder();
}

size_t button_fds(struct pollfd *fds) {
  size_t count = 0;
  if (folder_watch >= 0) fds[count++] = (struct pollfd){folder_watch, POLLIN, 0};
  for (size_t i = 0; i < button_count; i++) fds[count++] = (struct pollfd){buttons[i], POLLIN, 0};
  return count;
}

int button_pressed(void) {
  union {
    struct inotify_event first;
    char bytes[1024];
  } changes;
  long got = sys_read(folder_watch, &changes, sizeof changes);
  for (long at = 0; at + (long)sizeof(struct inotify_event) <= got;) {
    const struct inotify_event *change = (const void *)(changes.bytes + at);
    if (change->len > 0) try_device(change->name);
    at += (long)sizeof *change + change->len;
  }

  int pressed = 0;
  for (size_t i = 0; i < button_count; i++) {
    struct input_event events[16];
    while ((got = sys_read(buttons[i], events, sizeof events)) > 0)
      for (size_t e = 0; e < (size_t)got / sizeof *events; e++)
        pressed |= events[e].type == EV_KEY && events[e].code == KEY_POWER && events[e].value == 1;
    if (got == -ENODEV) { /* unplugged: a dead descriptor would wake the wait for ever */
      sys_close(buttons[i]);
      buttons[i--] = buttons[--button_count];
    }
  }
  return pressed;
}

static void look_at_folder(void) {
  struct entry {
    uint64_t inode, offset;
    unsigned short size;
    unsigned char type;
    char name[];
  } __attribute__((packed));
  char entries[2048];
  long got;
  int fd = sys_open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  while ((got = sys_getdents(fd, entries, sizeof entries)) > 0)
    for (long at = 0; at < got; at += ((const struct entry *)(entries + at))->size)
      try_device(((const struct entry *)(entries + at))->name);
  sys_close(fd);
}

static void try_device(const char *name) {
  char path[300];
  if (button_count == BUTTON_FDS - 1 || text_after(name, "event") == 0) return;
  text_join(path, sizeof path, FOLDER "/", name, (char *)0);
  int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  unsigned char keys[KEY_MAX / 8 + 1] = {0};
  sys_ioctl(fd, EVIOCGBIT(EV_KEY, sizeof keys), keys);
  if ((keys[KEY_POWER / 8] & (1 << KEY_POWER % 8)) != 0) buttons[button_count++] = fd;
  else sys_close(fd);
}

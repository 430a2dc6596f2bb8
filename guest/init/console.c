#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>

#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

static int open_device(void);
static void set_line(int fd, int terminal);

int open_console(const struct run *run) {
  if (run->console != 0) wait_for_path("/dev/", run->console);
  int fd = open_device();
  if (fd < 0) return sys_open("/dev/null", O_RDWR | O_CLOEXEC);
  set_line(fd, run->terminal);
  struct winsize size = {(unsigned short)run->rows, (unsigned short)run->columns, 0, 0};
  if (run->rows > 0 && run->columns > 0) sys_ioctl(fd, TIOCSWINSZ, &size);
  if (run->terminal) sys_set_flags(fd, O_RDWR);
  return fd;
}

/* /dev/console itself cannot be a controlling terminal; the kernel names the device behind it last. */
static int open_device(void) {
  char active[256], path[64];
  long length = read_text("/sys/class/tty/console/active", active, sizeof active);
  while (length > 0 && (active[length - 1] == '\n' || active[length - 1] == ' ')) active[--length] = 0;
  while (length > 0 && active[length - 1] != ' ') length--;
  if (active[0] == 0 || length < 0) return -ENODEV;
  text_join(path, sizeof path, "/dev/", active + length, (char *)0);
  /* O_NONBLOCK: an open that waits for a carrier would hang a guest whose line has none. */
  int fd = sys_open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) say("cannot open the console ", path, ": ", error_text(fd), (char *)0);
  return fd;
}

/*
 * CRTSCTS is what keeps a large paste, or a pipe nobody reads from, whole: when its buffer is full the kernel lowers
 * RTS, and the monitor stops sending. Only where CTS is up: without it the guest could never print again.
 */
static void set_line(int fd, int terminal) {
  struct termios line = {.c_cflag = B115200 | CS8 | CREAD | CLOCAL};
  int modem = 0;
  if (sys_ioctl(fd, TIOCMGET, &modem) == 0 && (modem & TIOCM_CTS) != 0) line.c_cflag |= CRTSCTS;
  if (terminal) {
    const unsigned char keys[NCCS] = {[VINTR] = 3,   [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21,   [VEOF] = 4,
                                      [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26,   [VREPRINT] = 18, [VWERASE] = 23,
                                      [VLNEXT] = 22, [VMIN] = 1};
    line.c_iflag = ICRNL | IXON | IUTF8 | BRKINT;
    line.c_oflag = OPOST | ONLCR;
    line.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    for (int i = 0; i < NCCS; i++) line.c_cc[i] = keys[i];
  } else {
    line.c_iflag = IGNBRK; /* every byte as it is, both ways */
    line.c_cc[VMIN] = 1;
  }
  sys_ioctl(fd, TCSETS, &line);
}

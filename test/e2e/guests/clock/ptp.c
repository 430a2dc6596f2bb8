/*
 * ptp DEVICE   prints the seconds since 1970 that a PTP clock shows, as digits
 *
 * BusyBox has nothing that reads one. A clock's descriptor is made a clock's id as <linux/posix-timers.h> does it.
 */
#include "../../../../guest/lib/sys.h"
#include "../../../../guest/lib/text.h"

#define CLOCKFD 3

const char *const program = "ptp";

int main(int argc, char **argv) {
  struct __kernel_timespec now = {0, 0};
  char digits[24];
  char *at = digits + sizeof digits;
  if (argc != 2) return 2;
  int fd = sys_open(argv[1], O_RDONLY);
  long result = fd < 0 ? fd : SYS(__NR_clock_gettime, (~(long)fd << 3) | CLOCKFD, &now, 0, 0, 0, 0);
  if (result < 0) {
    say(argv[1], ": ", error_text(result), (char *)0);
    return 1;
  }
  *--at = '\n';
  do *--at = (char)('0' + now.tv_sec % 10);
  while ((now.tv_sec /= 10) != 0);
  write_all(1, at, (size_t)(digits + sizeof digits - at));
  return 0;
}

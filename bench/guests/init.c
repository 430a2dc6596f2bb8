/*
 * The shortest user space there is: says that it is there and what the time-stamp counter was then, and ends the machine.
 * KVM starts a VM's counter at 0: so that is how long the VM was there, whoever made it.
 */
#include "../../guest/lib/sys.h"
#include <linux/reboot.h>

/* The counter's frequency is taken over so long: the least that an emulated clock tells well. */
#define MEASURED_NS 2000000
#define DRAIN 1

static uint64_t ticks(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

static uint64_t monotonic_ns(void) {
  struct __kernel_timespec now;
  SYS(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now, 0, 0, 0, 0);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Writes `value` and an end, right-aligned in `to`: the first byte of it is returned. */
static char *decimal(char *to, size_t size, uint64_t value, char end) {
  char *at = to + size;
  *--at = end;
  do *--at = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  return at;
}

static void print(uint64_t value, char end) {
  char text[24];
  char *first = decimal(text, sizeof text, value, end);
  sys_write(1, first, (size_t)(text + sizeof text - first));
}

int main(void) {
  uint64_t there = ticks();
  /* As anything but a guest's first program this would end somebody's machine. */
  if (sys_getpid() != 1) return 1;
  sys_write(1, "user space\n", 11);
  uint64_t from = monotonic_ns(), ticks_from = ticks(), to;
  do to = monotonic_ns();
  while (to - from < MEASURED_NS);
  uint64_t per_ms = (ticks() - ticks_from) * 1000000 / (to - from);
  sys_write(1, "ticks ", 6);
  print(there, ' ');
  print(per_ms, '\n');
  sys_ioctl(1, 0x5409 /* TCSBRK */, (const void *)DRAIN);
  sys_reboot(LINUX_REBOOT_CMD_RESTART);
  return 1;
}

#include "machine.h"

#include <linux/reboot.h>

#include "sys.h"
#include "text.h"

static int has_power_off(void);

int machine_off(int status) {
  /* Without ACPI there is no power-off: Linux would halt for ever, and the monitor could not tell it from idling. */
  unsigned how = has_power_off() ? LINUX_REBOOT_CMD_POWER_OFF : LINUX_REBOOT_CMD_RESTART;
  sys_sync();
  if (status != 0) {
    int failed = port_write(STATUS_PORT, (unsigned char)status);
    if (failed < 0) say("cannot hand the exit status over at I/O port 0x501: ", error_text(failed), (char *)0);
  }
  /* "reboot: Power down" has the most urgent level, and would end up behind the last line of output. */
  quiet_kernel("0");
  return sys_reboot(how);
}

int port_write(unsigned port, unsigned char byte) {
  int refused = sys_ioperm(port, 1, 1);
  if (refused == 0) {
    __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"((unsigned short)port));
    sys_ioperm(port, 1, 0);
    return 0;
  }
  int fd = sys_open("/dev/port", O_WRONLY | O_CLOEXEC); /* kernels without CONFIG_X86_IOPL_IOPERM */
  if (fd < 0) return refused;
  long wrote = sys_pwrite(fd, &byte, 1, (long)port);
  sys_close(fd);
  return wrote == 1 ? 0 : (int)wrote;
}

void quiet_kernel(const char *level) {
  char now[8];
  if (read_text("/proc/sys/kernel/printk", now, sizeof now) > 0 && now[0] <= '4' && now[1] == '\t')
    write_text("/proc/sys/kernel/printk", level);
}

static int has_power_off(void) {
  if (sys_access("/sys/kernel") < 0) { /* a PID 1 of someone's own that mounts nothing */
    sys_mkdir("/sys", 0755);
    sys_mount("sysfs", "/sys", "sysfs", 0, 0);
  }
  return sys_access("/sys/firmware/acpi") == 0;
}

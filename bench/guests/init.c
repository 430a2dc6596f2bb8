/* The shortest user space there is: says that it is there, and ends the machine. */
#include "../../guest/lib/sys.h"
#include <linux/reboot.h>

int main(void) {
  /* As anything but a guest's first program this would end somebody's machine. */
  if (sys_getpid() != 1) return 1;
  sys_write(1, "user space\n", 11);
  sys_reboot(LINUX_REBOOT_CMD_RESTART);
  return 1;
}

/* privileged: whether it has what a process without privileges has not: 0 if it does, for attackers who execute it setuid. */
#include <linux/capability.h>

#include "../../../guest/lib/sys.h"

const char *const program = "privileged";

int main(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3];
  if (SYS(__NR_capget, &header, has, 0, 0, 0, 0) < 0) return 2;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
    if (has[i].permitted != 0) return 0;
  return SYS(__NR_geteuid, 0, 0, 0, 0, 0, 0) != SYS(__NR_getuid, 0, 0, 0, 0, 0, 0) ? 0 : 1;
}

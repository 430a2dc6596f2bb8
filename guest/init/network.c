#include <linux/sockios.h>

#include "../lib/sys.h"
#include "init.h"

/* From linux/if.h and the socket headers, which want a C library's. */
#define AF_INET 2
#define SOCK_DGRAM 2
#define IFF_UP 1
struct interface_request {
  char name[16];
  short flags;
  char unused[22];
};

/* Linux gives `lo` its address, 127.0.0.1, as it comes up. A kernel without networks has no socket to ask. */
void raise_loopback(void) {
  int fd = sys_socket(AF_INET, SOCK_DGRAM);
  if (fd < 0) return;
  struct interface_request lo = {.name = "lo"};
  if (sys_ioctl(fd, SIOCGIFFLAGS, &lo) == 0) {
    lo.flags |= IFF_UP;
    sys_ioctl(fd, SIOCSIFFLAGS, &lo);
  }
  sys_close(fd);
}

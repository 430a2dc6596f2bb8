#include "../lib/sys.h"
#include "init.h"

#define POLITE_MS 2000
#define KILLED_MS 1000

static int wait_for_all(long milliseconds);

void stop_everything(void) {
  if (sys_kill(-1, SIGTERM) < 0) return; /* nobody left, the usual case */
  sys_kill(-1, SIGCONT);
  if (wait_for_all(POLITE_MS)) return;
  sys_kill(-1, SIGKILL);
  wait_for_all(KILLED_MS); /* one that hangs in the kernel does not die; the power-off does not wait for it */
}

/* Every process that is left becomes our child as its parent ends. SIGCHLD, unblocked only while it waits, ends the
   wait at once. */
static int wait_for_all(long milliseconds) {
  const sigset_t none = 0;
  long deadline = sys_milliseconds() + milliseconds;
  for (;;) {
    int status, pid;
    while ((pid = sys_wait(-1, &status, 1 /* WNOHANG */)) > 0) {
    }
    if (pid == -ECHILD) return 1;
    long left = deadline - sys_milliseconds();
    if (left <= 0) return 0;
    struct __kernel_timespec timeout = {left / 1000, left % 1000 * 1000000};
    sys_poll(0, 0, &timeout, &none);
  }
}

/*
 * volt-exit STATUS: ends the machine and gives `volt run` its exit status. For initramfs and root file systems of your
 * own; it syncs, but asks no service to stop. As a PID 1 it works too.
 */
#include "lib/machine.h"
#include "lib/text.h"

const char *const program = "volt-exit";

int main(int argc, char **argv) {
  long status = argc == 2 ? text_number(argv[1], 255) : -1;
  if (status < 0) {
    say("usage: volt-exit STATUS (0 to 255): syncs, powers the machine off, and STATUS is what `volt run` ends with",
        (char *)0);
    return 2;
  }
  int failed = machine_off((int)status);
  say("cannot power off: ", error_text(failed), ": run it as root, outside of containers", (char *)0);
  return 1;
}

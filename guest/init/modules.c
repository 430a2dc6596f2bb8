#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

#define FOLDER "/lib/modules/"
#define ORDER FOLDER "volt/order"

static void load(const char *name);

/* A kernel with everything built in has no such folder, and needs none. */
void load_modules(void) {
  static char order[8192];
  long length = read_text(ORDER, order, sizeof order);
  char *name = order;
  for (long i = 0; i < length; i++) {
    if (order[i] != '\n') continue;
    order[i] = 0;
    if (name[0] != 0) load(name);
    name = order + i + 1;
  }
}

static void load(const char *name) {
  char path[512];
  text_join(path, sizeof path, FOLDER, name, (char *)0);
  int fd = sys_open(path, O_RDONLY | O_CLOEXEC);
  size_t length = text_length(name);
  int plain = length > 3 && text_same(name + length - 3, ".ko");
  int failed = fd < 0 ? fd : sys_load_module(fd, plain ? 0 : 4 /* MODULE_INIT_COMPRESSED_FILE */);
  if (failed < 0 && failed != -EEXIST) say("module ", path, ": ", error_text(failed), (char *)0);
  if (fd >= 0) sys_close(fd);
}

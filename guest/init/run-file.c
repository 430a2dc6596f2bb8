/* /volt/run: records that end with a NUL byte, so that every argument can be any bytes. guest/README.md describes it;
   src/boot/initramfs.ts writes it. */
#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

#define PATH "/volt/run"
#define HEADER "volt-run 1"

static char *load(size_t *size, int *failed);
static int take(struct run *run, char *record, size_t *arguments, size_t *variables);
static int damaged(const char *what, const char *text);

int read_run_file(struct run *run) {
  static char *default_env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                                "USER=root", "TERM=vt100", 0};
  *run = (struct run){.env = default_env, .hostname = "volt", .directory = "/", .terminal = 1, .grace = 8};

  size_t size = 0;
  int failed = 0;
  char *file = load(&size, &failed);
  if (file == 0) {
    if (failed == -ENOENT) return 0;
    say(PATH ": ", error_text(failed), (char *)0);
    return -1;
  }
  if (size == 0 || file[size - 1] != 0) return damaged("it does not end with a NUL", "");
  if (!text_same(file, HEADER)) return damaged("it does not begin with ", HEADER);

  size_t records = 0;
  for (size_t i = 0; i < size; i++) records += file[i] == 0;
  run->argv = sys_memory((records + 1) * sizeof(char *));
  run->env = sys_memory((records + 1) * sizeof(char *));
  if (run->argv == 0 || run->env == 0) return damaged("there is no memory for it", "");
  size_t arguments = 0, variables = 0;
  for (char *at = file + sizeof HEADER; at < file + size; at += text_length(at) + 1)
    if (take(run, at, &arguments, &variables) < 0) return damaged("not understood: ", at);
  if (arguments == 0) run->argv = 0;
  return 0;
}

static int take(struct run *run, char *record, size_t *arguments, size_t *variables) {
  const char *value;
  long number = 0;
  if ((value = text_after(record, "arg=")) != 0) run->argv[(*arguments)++] = (char *)value;
  else if ((value = text_after(record, "env=")) != 0) run->env[(*variables)++] = (char *)value;
  else if ((value = text_after(record, "hostname=")) != 0) run->hostname = value;
  else if ((value = text_after(record, "directory=")) != 0) run->directory = value;
  else if ((value = text_after(record, "console=")) != 0) run->console = value;
  else if ((value = text_after(record, "input=")) != 0) run->input = value;
  else if ((value = text_after(record, "output=")) != 0) run->output = value;
  else if ((value = text_after(record, "terminal=")) != 0) run->terminal = (int)(number = text_number(value, 1));
  else if ((value = text_after(record, "rows=")) != 0) run->rows = (int)(number = text_number(value, 0xffff));
  else if ((value = text_after(record, "columns=")) != 0) run->columns = (int)(number = text_number(value, 0xffff));
  else if ((value = text_after(record, "grace=")) != 0) run->grace = (int)(number = text_number(value, 86400));
  else if ((value = text_after(record, "root=")) != 0) run->root = value;
  else if ((value = text_after(record, "rootro=")) != 0) run->root_read_only = (int)(number = text_number(value, 1));
  else if ((value = text_after(record, "ready=")) != 0)
    run->ready_port = (unsigned)(number = text_number(value, 0xffff));
  else return -1;
  return number < 0 ? -1 : 0;
}

static char *load(size_t *size, int *failed) {
  int fd = sys_open(PATH, O_RDONLY | O_CLOEXEC);
  *failed = fd;
  if (fd < 0) return 0;
  long length = SYS(__NR_lseek, fd, 0, 2 /* SEEK_END */, 0, 0, 0);
  char *file = length > 0 ? sys_memory((size_t)length + 1) : "";
  if (file == 0) *failed = -ENOMEM;
  while (file != 0 && (long)*size < length) {
    long got = SYS(__NR_pread64, fd, file + *size, length - (long)*size, *size, 0, 0);
    if (got <= 0) break;
    *size += (size_t)got;
  }
  sys_close(fd);
  return file;
}

static int damaged(const char *what, const char *text) {
  say(PATH ": ", what, text, ": the monitor and its guest init must be of one build", (char *)0);
  return -1;
}

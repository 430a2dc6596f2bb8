/* Starts one command: its streams, its session, its environment, its folder. */
#include "agent.h"
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* The START payload: five words, then the strings cwd, argv..., env..., each with its NUL. */
struct request {
  uint32_t tty, rows, columns, argc, envc;
  char *cwd, **argv, **env;
};

static bool parse(struct request *r, uint8_t *payload, size_t length);
static bool open_streams(struct command *c, const struct request *r, int theirs[3]);
static void become(const struct request *r, const int theirs[3], int report);

struct command *start_command(uint32_t id, uint8_t *payload, size_t length, char *text, size_t size) {
  struct command *c = calloc(1, sizeof *c);
  struct request r;
  int theirs[3] = {-1, -1, -1}, report[2] = {-1, -1};
  ssize_t failed;

  if (!c) die("no memory");
  if (!parse(&r, payload, length)) die("a START that is not well formed");
  *c = (struct command){.id = id, .tty = r.tty, .input = -1, .out = {{-1, STDOUT, WINDOW}, {-1, STDERR, WINDOW}}};
  if (!open_streams(c, &r, theirs) || pipe2(report, O_CLOEXEC) < 0 || (c->pid = fork()) < 0) {
    failed = snprintf(text, size, "cannot start %.200s: %s", r.argv[0], strerror(errno));
  } else {
    if (c->pid == 0) become(&r, theirs, report[1]);
    close_fd(&report[1]);
    failed = read(report[0], text, size - 1); /* 0: the exec closed the other end, the command runs */
  }
  for (int i = 0; i < 3; i++) close_fd(&theirs[i]);
  close_fd(&report[0]), close_fd(&report[1]);
  free(r.argv), free(r.env);
  if (failed == 0) return c;
  text[failed < 0 ? 0 : failed] = 0;
  release_command(c); /* its process, if there was one, is reaped like any orphan */
  return NULL;
}

void release_command(struct command *c) {
  close_fd(&c->input), close_fd(&c->out[0].fd), close_fd(&c->out[1].fd);
  free(c->pending.data);
  free(c);
}

static bool parse(struct request *r, uint8_t *payload, size_t length) {
  const size_t words = 5 * sizeof(uint32_t);
  if (length <= words || payload[length - 1] != 0) return false;
  memcpy(r, payload, words);
  if (r->argc == 0 || r->argc > length || r->envc > length) return false;
  r->argv = calloc(r->argc + 1, sizeof *r->argv);
  r->env = calloc(r->envc + 1, sizeof *r->env);
  if (!r->argv || !r->env) die("no memory");
  char *next = (char *)payload + words, *end = (char *)payload + length;
  r->cwd = next;
  for (uint32_t i = 0; i < r->argc + r->envc; i++) {
    next += strlen(next) + 1;
    if (next >= end) return false;
    *(i < r->argc ? &r->argv[i] : &r->env[i - r->argc]) = next;
  }
  return true;
}

/* Puts the child's three ends into theirs and ours into c. Every one closes on exec: a command that held another's
   pipe open would keep that one from ending. */
static bool open_streams(struct command *c, const struct request *r, int theirs[3]) {
  if (r->tty) {
    struct winsize size = {.ws_row = (unsigned short)r->rows, .ws_col = (unsigned short)r->columns};
    if (openpty(&c->input, &theirs[0], NULL, NULL, &size) < 0) return false;
    c->out[0].fd = fcntl(c->input, F_DUPFD_CLOEXEC, 3);
    for (int i = 1; i < 3; i++) theirs[i] = fcntl(theirs[0], F_DUPFD_CLOEXEC, 3);
    fcntl(theirs[0], F_SETFD, FD_CLOEXEC), fcntl(c->input, F_SETFD, FD_CLOEXEC);
  } else {
    int in[2], out[2], err[2];
    if (pipe2(in, O_CLOEXEC) < 0) return false;
    theirs[0] = in[0], c->input = in[1];
    if (pipe2(out, O_CLOEXEC) < 0) return false;
    c->out[0].fd = out[0], theirs[1] = out[1];
    if (pipe2(err, O_CLOEXEC) < 0) return false;
    c->out[1].fd = err[0], theirs[2] = err[1];
    fcntl(c->out[1].fd, F_SETFL, O_NONBLOCK);
  }
  return fcntl(c->input, F_SETFL, O_NONBLOCK) == 0 && fcntl(c->out[0].fd, F_SETFL, O_NONBLOCK) == 0;
}

static void refuse(int report, const char *what, const char *name) {
  char text[512];
  int length = snprintf(text, sizeof text, "%s %.200s: %s", what, name, strerror(errno));
  _exit(write(report, text, (size_t)length) == length ? 127 : 126);
}

/* In the child. It leads a session, and so a process group: KILL aims at that. */
static void become(const struct request *r, const int theirs[3], int report) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  if (r->tty) ioctl(theirs[0], TIOCSCTTY, 0);
  for (int i = 0; i < 3; i++) dup2(theirs[i], i); /* none of theirs is below 3: process 1 keeps those for itself */
  if (chdir(r->cwd) < 0) refuse(report, "cannot enter the folder", r->cwd);
  environ = r->env; /* before execvp, which looks for the program in environ's PATH */
  execvp(r->argv[0], r->argv);
  refuse(report, "cannot run", r->argv[0]);
}

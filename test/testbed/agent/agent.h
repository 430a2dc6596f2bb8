/*
 * The nested machine's process 1. It runs commands for the host, many at a time, over one virtio-serial port.
 *
 * A message is a header of three little-endian 32-bit words (payload length, command id, kind) and a payload.
 * `messages.ts` in the folder above has the same kinds, and says what their payloads hold.
 *
 * Flow control: each stream of each command (stdin in, stdout and stderr out) may have WINDOW bytes under way that the
 * other side has not taken yet. So a reader that stops holds up its own stream only, and no memory grows.
 */
#ifndef AGENT_H
#define AGENT_H
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { WINDOW = 256 * 1024, CHUNK = 32 * 1024, MAX_PAYLOAD = 8 * 1024 * 1024, MAX_COMMANDS = 256 };
enum kind { READY = 1, START, INPUT, INPUT_END, SIGNAL, KILL, RESIZE, CREDIT, STDOUT, STDERR, EXIT, FAILED };

struct header {
  uint32_t length, id, kind;
};

/* A queue: [start, end) of data is what is still to be taken. */
struct bytes {
  uint8_t *data;
  size_t start, end, capacity;
};

struct output {
  int fd; /* -1 once it is at its end */
  uint32_t kind, credit;
};

struct command {
  uint32_t id;
  pid_t pid;
  int status; /* as wait(2) gives it, once reaped */
  int input;  /* the writing end of its stdin, -1 once closed */
  bool tty, reaped, killed, input_ended;
  struct bytes pending; /* stdin that it has not taken yet */
  struct output out[2];
};

/* main.c: writes the reason to the console and takes the machine down; the host then shows the console's tail. */
void die(const char *what);

/* bytes.c */
size_t held(const struct bytes *q);
uint8_t *reserve(struct bytes *q, size_t count);
void append(struct bytes *q, const void *data, size_t count);
void take(struct bytes *q, size_t count);
/* Writes what fits, and says how much that was. False when nobody reads the other end any more. */
bool flush(struct bytes *q, int fd, size_t *written);

/* start.c: starts what a START payload asks for. On failure returns NULL, with the reason in text. */
struct command *start_command(uint32_t id, uint8_t *payload, size_t length, char *text, size_t size);
void release_command(struct command *c);

static inline void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

#endif

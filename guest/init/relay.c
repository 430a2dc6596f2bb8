/*
 * The command's pipes, exact to the byte.
 *
 * The ports of a virtio console carry bytes as they are, and have an end of file. A console has none, so the monitor (src/boot/stdin-frame.ts) sends DLE EOT (0x10 0x04) for it. In the data,
 * DLE and ^O are DLE and the byte with its bit 0x40 turned over: at ^O the kernel's virtio console waits for a SysRq
 * command. A BREAK would not do for the end: Debian's kernels (CONFIG_MAGIC_SYSRQ_SERIAL) swallow the first and take the
 * byte after it for such a command, and a virtio console has none.
 */
#include "../lib/sys.h"
#include "../lib/text.h"
#include "init.h"

#define DLE 0x10
#define EOT 0x04
#define ENDED 2 /* of `escaped` */

static void read_source(struct relay *relay);
static void write_command(struct relay *relay);
static void read_command(struct relay *relay);
static void write_sink(struct relay *relay);

int relay_open(struct relay *relay, int source, int sink, int framed, int ends[2]) {
  int input[2], output[2];
  int failed = sys_pipe(input, O_CLOEXEC);
  if (failed == 0) failed = sys_pipe(output, O_CLOEXEC);
  if (failed < 0) return failed;
  sys_set_flags(input[1], O_NONBLOCK);
  sys_set_flags(output[0], O_NONBLOCK);
  *relay = (struct relay){.source = source, .sink = sink, .framed = framed, .input = input[1], .output = output[0]};
  ends[0] = input[0];
  ends[1] = output[1];
  return 0;
}

/* Nothing is read that cannot be kept: the kernel's buffer fills, and flow control stops the sender. */
size_t relay_fds(const struct relay *relay, struct pollfd *fds) {
  size_t count = 0;
  if (relay->in_start < relay->in_end) fds[count++] = (struct pollfd){relay->input, POLLOUT, 0};
  else if (!relay->source_ended) fds[count++] = (struct pollfd){relay->source, POLLIN, 0};
  if (relay->out_start < relay->out_end) fds[count++] = (struct pollfd){relay->sink, POLLOUT, 0};
  else if (relay->output >= 0) fds[count++] = (struct pollfd){relay->output, POLLIN, 0};
  return count;
}

void relay_move(struct relay *relay) {
  if (relay->in_start == relay->in_end) read_source(relay);
  if (relay->in_start < relay->in_end) write_command(relay);
  if (relay->out_start == relay->out_end) read_command(relay);
  if (relay->out_start < relay->out_end) write_sink(relay);
}

void relay_drain(struct relay *relay) {
  do {
    write_all(relay->sink, relay->out + relay->out_start, relay->out_end - relay->out_start);
    relay->out_start = relay->out_end = 0;
    read_command(relay);
  } while (relay->out_start < relay->out_end);
  if (relay->framed) return; /* main.c waits for the console */
  /* A port's write is done when the bytes are queued. The monitor closes this one when it has taken them, if it hears
     that they were the last. */
  sys_close(relay->source);
  struct pollfd closed = {relay->sink, 0, 0};
  while (sys_poll(&closed, 1, 0, 0) == -EINTR) {
  }
}

static void close_input(struct relay *relay) {
  if (relay->input >= 0) sys_close(relay->input);
  relay->input = -1;
  relay->in_start = relay->in_end = 0;
}

static void read_source(struct relay *relay) {
  char raw[sizeof relay->in];
  long got = sys_read(relay->source, raw, sizeof raw);
  relay->in_start = relay->in_end = 0;
  if (got == 0 || (got < 0 && got != -EAGAIN && got != -EINTR)) { /* /dev/null, or a device that went away */
    relay->source_ended = 1;
    close_input(relay);
  }
  for (long i = 0; i < got; i++) {
    if (!relay->framed) {
      relay->in[relay->in_end++] = raw[i];
      continue;
    }
    if (relay->escaped && raw[i] == EOT) { /* what came before it goes out first: see write_command */
      relay->escaped = ENDED;
      break;
    }
    if (raw[i] == DLE) {
      relay->escaped = 1;
      continue;
    }
    relay->in[relay->in_end++] = relay->escaped ? raw[i] ^ 0x40 : raw[i];
    relay->escaped = 0;
  }
  /* Once nobody reads it any more, input is dropped, as a closed pipe would. */
  if (relay->input < 0) relay->in_end = 0;
  if (relay->escaped == ENDED && relay->in_end == 0) close_input(relay);
}

static void write_command(struct relay *relay) {
  long wrote = sys_write(relay->input, relay->in + relay->in_start, relay->in_end - relay->in_start);
  if (wrote > 0) relay->in_start += (size_t)wrote;
  else if (wrote != -EAGAIN && wrote != -EINTR) close_input(relay); /* EPIPE: it closed its standard input */
  if (relay->in_start == relay->in_end && relay->escaped == ENDED) close_input(relay);
}

static void read_command(struct relay *relay) {
  if (relay->output < 0) return;
  long got = sys_read(relay->output, relay->out, sizeof relay->out);
  relay->out_start = 0;
  relay->out_end = got > 0 ? (size_t)got : 0;
  if (got == 0) { /* every holder of the other end is gone */
    sys_close(relay->output);
    relay->output = -1;
  }
}

static void write_sink(struct relay *relay) {
  long wrote = sys_write(relay->sink, relay->out + relay->out_start, relay->out_end - relay->out_start);
  if (wrote > 0) relay->out_start += (size_t)wrote;
  else if (wrote != -EAGAIN && wrote != -EINTR) relay->out_start = relay->out_end; /* no console to print on */
}

/*
 * peer serve ADDRESS COMMAND ARGS...   runs COMMAND for each connection, which is its stdin and stdout
 * peer call ADDRESS                    sends its stdin, then "no more from me"; prints what comes until the end
 * peer ping ADDRESS TIMES              a byte to and fro, that often; prints the milliseconds it took
 * peer echo ADDRESS                    sends every connection its own bytes back, all of them in one process
 * peer many ADDRESS COUNT ROUNDS       COUNT connections at once to an echo; each sends 1000 bytes of its own a round, and
 *                                      wants them back; prints how many got all of theirs, and then an end
 *
 * ADDRESS is vsock:CID:PORT, unix:PATH, or at:PATH:PORT for the guest's port behind volt's socket. For guests and hosts
 * alike: neither BusyBox nor coreutils knows AF_VSOCK.
 */
#include <linux/un.h>

#include "../../../../guest/lib/sys.h"
#include "../../../../guest/lib/text.h"

#define AF_UNIX 1
#define AF_VSOCK 40
#define SOCK_STREAM 1
#define SHUT_WR 1

const char *const program = "peer";

static _Noreturn void fail(const char *what, long result) {
  say(what, ": ", error_text(result), (char *)0);
  sys_exit(1);
}

static long checked(long result, const char *what) {
  if (result < 0) fail(what, result);
  return result;
}

/* Cuts `text` at its next colon. */
static char *cut(char *text) {
  for (; *text != 0; text++)
    if (*text == ':') {
      *text = 0;
      return text + 1;
    }
  return text;
}

static unsigned number(const char *text) {
  long value = text_number(text, 0xffffffff);
  if (value < 0) fail(text, -EINVAL);
  return (unsigned)value;
}

/* struct sockaddr_vm: its header, <linux/vm_sockets.h>, wants the C library's. */
struct sockaddr_vm {
  uint16_t svm_family, svm_reserved;
  uint32_t svm_port, svm_cid;
  uint8_t svm_flags, svm_zero[3];
};

int memcmp(const void *left, const void *right, size_t size);

union address {
  struct sockaddr_vm vm;
  struct sockaddr_un un;
};

/* A new socket, and the address to bind it or to connect it to. `port` is left for "at:". */
static int open_socket(char *text, union address *address, size_t *size, char **port) {
  char *first = cut(text), *second = cut(first);
  *port = 0;
  *address = (union address){0};
  if (text_same(text, "vsock")) {
    address->vm.svm_family = AF_VSOCK;
    address->vm.svm_cid = number(first);
    address->vm.svm_port = number(second);
    *size = sizeof address->vm;
    return (int)checked(sys_socket(AF_VSOCK, SOCK_STREAM), "socket");
  }
  if (text_same(text, "at")) *port = second;
  address->un.sun_family = AF_UNIX;
  text_join(address->un.sun_path, sizeof address->un.sun_path, first, (char *)0);
  *size = sizeof address->un;
  return (int)checked(sys_socket(AF_UNIX, SOCK_STREAM), "socket");
}

/* Firecracker's convention: which port, and the line that says it is open. */
static void greet(int fd, const char *port) {
  char line[64], byte = 0;
  text_join(line, sizeof line, "CONNECT ", port, "\n", (char *)0);
  checked(write_all(fd, line, text_length(line)), "CONNECT");
  while (byte != '\n')
    if (checked(sys_read(fd, &byte, 1), "OK") == 0) fail("closed", -EIO);
}

static int connected(char *text) {
  union address address;
  size_t size;
  char *port;
  int fd = open_socket(text, &address, &size, &port);
  checked(SYS(__NR_connect, fd, &address, size, 0, 0, 0), "connect");
  if (port != 0) greet(fd, port);
  return fd;
}

/* All bytes from one to the other. */
static void relay(int from, int to) {
  static char buffer[65536];
  long got;
  while ((got = checked(sys_read(from, buffer, sizeof buffer), "read")) > 0)
    checked(write_all(to, buffer, (size_t)got), "write");
}

static int listening(char *text) {
  union address address;
  size_t size;
  char *port;
  int listener = open_socket(text, &address, &size, &port);
  checked(SYS(__NR_bind, listener, &address, size, 0, 0, 0), "bind");
  checked(SYS(__NR_listen, listener, 1024, 0, 0, 0, 0), "listen");
  return listener;
}

static int accepted(int listener) { return (int)checked(SYS(__NR_accept, listener, 0, 0, 0, 0, 0), "accept"); }

static int serve(char *text, char **command) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  int listener = listening(text);
  sys_sigaction(SIGCHLD, &ignore); /* nobody waits for them */
  for (;;) {
    int fd = accepted(listener);
    if (sys_fork() == 0) {
      char *environment[] = {(char *)"PATH=/bin:/usr/bin", 0};
      sys_dup2(fd, 0);
      sys_dup2(fd, 1);
      sys_close(fd);
      sys_close(listener);
      fail(command[0], sys_execve(command[0], command, environment));
    }
    sys_close(fd);
  }
}

static int call(char *text) {
  int fd = connected(text);
  int sender = sys_fork();
  if (sender == 0) {
    relay(0, fd);
    checked(SYS(__NR_shutdown, fd, SHUT_WR, 0, 0, 0, 0), "shutdown");
    return 0;
  }
  relay(fd, 1);
  return 0;
}

static void print_number(long number) {
  char digits[24], *at = digits + sizeof digits - 1, *end = at + 1;
  *at = '\n';
  do *--at = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  write_all(1, at, (size_t)(end - at));
}

static int ping(char *text, unsigned times) {
  int fd = connected(text);
  char byte = 'x';
  long begin = sys_milliseconds();
  for (unsigned i = 0; i < times; i++) {
    checked(write_all(fd, &byte, 1), "write");
    if (checked(sys_read(fd, &byte, 1), "read") == 0) fail("closed", -EIO);
  }
  print_number(sys_milliseconds() - begin);
  return 0;
}

#define MOST 256

static _Noreturn void echo(char *text) {
  static struct pollfd fds[MOST + 1];
  static char buffer[4096];
  size_t count = 1;
  fds[0] = (struct pollfd){listening(text), POLLIN, 0};
  for (;;) {
    checked(sys_poll(fds, count, 0, 0), "poll");
    for (size_t i = count - 1; i > 0; i--) {
      if (fds[i].revents == 0) continue;
      long got = sys_read(fds[i].fd, buffer, sizeof buffer);
      if (got > 0 && write_all(fds[i].fd, buffer, (size_t)got) == 0) continue;
      sys_close(fds[i].fd);
      fds[i] = fds[--count];
    }
    if (fds[0].revents != 0 && count <= MOST) fds[count++] = (struct pollfd){accepted(fds[0].fd), POLLIN, 0};
  }
}

#define CHUNK 1000

/* What connection `i` sends in a round: like no other's, and like no other round's. */
static void own_bytes(char *chunk, unsigned i, unsigned round) {
  uint32_t state = i * 2654435761u + round * 40503u + 1;
  for (int at = 0; at < CHUNK; at++) {
    state = state * 1103515245u + 12345u;
    chunk[at] = (char)(state >> 16);
  }
}

static int read_whole(int fd, char *to) {
  for (size_t done = 0; done < CHUNK;) {
    long got = sys_read(fd, to + done, CHUNK - done);
    if (got <= 0) return 0;
    done += (size_t)got;
  }
  return 1;
}

static int many(const char *text, unsigned count, unsigned rounds) {
  static int fds[MOST], same[MOST];
  static char sent[CHUNK], back[CHUNK], address[128];
  long whole = 0;
  if (count > MOST) fail("too many", -EINVAL);
  for (unsigned i = 0; i < count; i++) {
    text_join(address, sizeof address, text, (char *)0); /* it is cut up */
    fds[i] = connected(address);
    same[i] = 1;
  }
  for (unsigned round = 0; round < rounds; round++) {
    for (unsigned i = 0; i < count; i++) {
      own_bytes(sent, i, round);
      if (write_all(fds[i], sent, CHUNK) < 0) same[i] = 0;
    }
    for (unsigned i = 0; i < count; i++) {
      own_bytes(sent, i, round);
      if (!read_whole(fds[i], back) || memcmp(sent, back, CHUNK) != 0) same[i] = 0;
    }
  }
  for (unsigned i = 0; i < count; i++) {
    SYS(__NR_shutdown, fds[i], SHUT_WR, 0, 0, 0, 0);
    whole += same[i] && sys_read(fds[i], back, 1) == 0;
  }
  print_number(whole);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 3 && text_same(argv[1], "serve")) return serve(argv[2], argv + 3);
  if (argc == 3 && text_same(argv[1], "call")) return call(argv[2]);
  if (argc == 3 && text_same(argv[1], "echo")) echo(argv[2]);
  if (argc == 5 && text_same(argv[1], "many")) return many(argv[2], number(argv[3]), number(argv[4]));
  if (argc == 4 && text_same(argv[1], "ping")) return ping(argv[2], number(argv[3]));
  say("usage: peer serve ADDRESS COMMAND ARGS... | call ADDRESS | ping ADDRESS TIMES | echo ADDRESS | many ADDRESS COUNT ROUNDS", (char *)0);
  return 2;
}

/* The loop: messages from the host, output to the host, and commands that end. agent.h says what this program is. */
#include "agent.h"
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

static int port, children;
static struct bytes from_host, to_host;
static struct command *commands[MAX_COMMANDS];
static int command_count;

static void keep_a_vm(void);
static void serve(void);
static void send_message(uint32_t id, uint32_t kind, const void *payload, size_t length);

int main(int argc, char **argv) {
  sigset_t child;
  if (argc != 2) die("usage: agent PORT");
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  signal(SIGPIPE, SIG_IGN);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){1024, 524288}); /* what systemd gives; process 1 starts with 4096 */
  children = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
  keep_a_vm();
  while ((port = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0) {
    if (errno != ENOENT && errno != EBUSY) die(argv[1]);
    usleep(1000); /* QEMU announces its ports one after the other */
  }
  send_message(0, READY, "", 0);
  serve();
}

/* The first VM of a machine turns SVM on on every processor, the last one turns it off, and under QEMU's emulation a
   machine that does so again and again freezes after some dozens of rounds. With one VM that stays, it happens once. */
static void keep_a_vm(void) {
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0 || fcntl(ioctl(kvm, KVM_CREATE_VM, 0), F_SETFD, FD_CLOEXEC) < 0) die("/dev/kvm");
}

void die(const char *what) {
  fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
  reboot(RB_POWER_OFF);
  _exit(1);
}

static void send_message(uint32_t id, uint32_t kind, const void *payload, size_t length) {
  struct header header = {(uint32_t)length, id, kind};
  append(&to_host, &header, sizeof header);
  append(&to_host, payload, length);
}

static void send_words(uint32_t id, uint32_t kind, uint32_t first, uint32_t second) {
  send_message(id, kind, (uint32_t[]){first, second}, 2 * sizeof(uint32_t));
}

/* Gives the command what it takes of its stdin, and the host credit for that. */
static void feed(struct command *c) {
  size_t taken = 0;
  if (c->input < 0 || !flush(&c->pending, c->input, &taken)) {
    /* It reads no more: the rest is dropped, so that the source can still come to its end. */
    taken += held(&c->pending);
    take(&c->pending, held(&c->pending));
    close_fd(&c->input);
  }
  if (taken) send_words(c->id, CREDIT, INPUT, (uint32_t)taken);
  /* A pipe ends by a close. A terminal ends by a ^D: closing it would hang up on the command. */
  if (c->input_ended && !held(&c->pending) && !c->tty) close_fd(&c->input);
}

static void start(uint32_t id, uint8_t *payload, size_t length) {
  char text[512] = "too many commands at once";
  struct command *c = command_count < MAX_COMMANDS ? start_command(id, payload, length, text, sizeof text) : NULL;
  if (c)
    commands[command_count++] = c;
  else
    send_message(id, FAILED, text, strlen(text));
}

static void receive(const struct header *h, uint8_t *payload) {
  struct command *c = NULL;
  uint32_t word[2] = {0, 0};
  if (h->kind == START) return start(h->id, payload, h->length);
  for (int i = 0; i < command_count; i++)
    if (commands[i]->id == h->id) c = commands[i];
  if (!c) return; /* it ended while the message was on its way */
  memcpy(word, payload, h->length < sizeof word ? h->length : sizeof word);
  if (h->kind == INPUT) {
    append(&c->pending, payload, h->length);
    feed(c);
  } else if (h->kind == INPUT_END) {
    c->input_ended = true;
    if (c->tty) append(&c->pending, "\x04", 1);
    feed(c);
  } else if (h->kind == SIGNAL) {
    if (!c->reaped) kill(c->pid, (int)word[0]);
  } else if (h->kind == KILL) {
    c->killed = true;
    kill(-c->pid, SIGKILL);
  } else if (h->kind == RESIZE) {
    ioctl(c->input, TIOCSWINSZ, &(struct winsize){.ws_row = (unsigned short)word[0], .ws_col = (unsigned short)word[1]});
  } else if (h->kind == CREDIT) {
    c->out[word[0] == STDERR].credit += word[1];
  }
}

static void read_port(void) {
  struct header header;
  ssize_t n = read(port, reserve(&from_host, CHUNK), CHUNK);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) die("the host is gone");
  if (n > 0) from_host.end += (size_t)n;
  while (held(&from_host) >= sizeof header) {
    memcpy(&header, from_host.data + from_host.start, sizeof header);
    if (header.length > MAX_PAYLOAD) die("a message that is too long");
    if (held(&from_host) < sizeof header + header.length) return;
    receive(&header, from_host.data + from_host.start + sizeof header);
    take(&from_host, sizeof header + header.length);
  }
}

/* How much of an output may be read now: what the host has credit for, as long as the port keeps up. */
static size_t readable(const struct output *o) {
  if (o->fd < 0 || held(&to_host) >= WINDOW) return 0;
  return o->credit < CHUNK ? o->credit : CHUNK;
}

static void read_output(const struct command *c, struct output *o) {
  static uint8_t chunk[CHUNK];
  size_t room = readable(o);
  if (!room) return;
  ssize_t n = read(o->fd, chunk, room);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return close_fd(&o->fd); /* a terminal's end is EIO */
  o->credit -= (uint32_t)n;
  send_message(c->id, o->kind, chunk, (size_t)n);
}

static void reap(void) {
  struct signalfd_siginfo info;
  int status;
  pid_t pid;
  while (read(children, &info, sizeof info) > 0) continue;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    for (int i = 0; i < command_count; i++)
      if (commands[i]->pid == pid && !commands[i]->reaped) commands[i]->reaped = true, commands[i]->status = status;
}

/* A command is over when its process is and both its outputs are at their end. After a KILL nobody waits for that end:
   what still holds them has left the process group. */
static bool is_over(struct command *c) {
  if (!c->reaped) return false;
  for (int i = 0; c->killed && i < 2; i++) {
    for (int chunks = 0; chunks < 64 * 1024 / CHUNK; chunks++) read_output(c, &c->out[i]); /* what a pipe holds */
    close_fd(&c->out[i].fd);
  }
  return c->out[0].fd < 0 && c->out[1].fd < 0;
}

static void finish_commands(void) {
  for (int i = 0; i < command_count; i++) {
    struct command *c = commands[i];
    if (!is_over(c)) continue;
    int signal = WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0;
    send_words(c->id, EXIT, (uint32_t)(signal ? 128 + signal : WEXITSTATUS(c->status)), (uint32_t)signal);
    release_command(c);
    commands[i--] = commands[--command_count];
  }
}

static void serve(void) {
  static struct pollfd fds[2 + 3 * MAX_COMMANDS];
  for (;;) {
    size_t written;
    if (!flush(&to_host, port, &written)) die("the host is gone");
    fds[0] = (struct pollfd){.fd = port, .events = POLLIN | (held(&to_host) ? POLLOUT : 0)};
    fds[1] = (struct pollfd){.fd = children, .events = POLLIN};
    for (int i = 0; i < command_count; i++) {
      struct command *c = commands[i];
      fds[2 + 3 * i] = (struct pollfd){.fd = held(&c->pending) ? c->input : -1, .events = POLLOUT};
      for (int j = 0; j < 2; j++)
        fds[3 + 3 * i + j] = (struct pollfd){.fd = readable(&c->out[j]) ? c->out[j].fd : -1, .events = POLLIN};
    }
    if (poll(fds, 2 + 3 * (nfds_t)command_count, -1) < 0 && errno != EINTR) die("poll");
    /* Commands before messages: a message may add a command, and fds is numbered by the commands before. */
    for (int i = 0; i < command_count; i++) {
      if (fds[2 + 3 * i].revents) feed(commands[i]);
      for (int j = 0; j < 2; j++)
        if (fds[3 + 3 * i + j].revents) read_output(commands[i], &commands[i]->out[j]);
    }
    if (fds[0].revents & POLLIN) read_port();
    if (fds[0].revents & (POLLHUP | POLLERR)) die("the host is gone");
    reap();
    finish_commands();
  }
}

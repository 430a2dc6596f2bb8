/* volt's guest init: the parts main.c puts together, in the order of a guest's life. */
#pragma once

#include <asm/signal.h>
#include <stddef.h>

/* mounts.c: /proc, /sys, /dev and the rest. What this kernel does not have is left out. */
void mount_file_systems(void);
/* Unmounts what can be, and makes the others read-only. */
void unmount_file_systems(void);

/* run-file.c: what the monitor wants run, from /volt/run. */
struct run {
  char **argv; /* ends with a null pointer; a null pointer itself: a shell */
  char **env;
  const char *hostname;
  const char *directory;
  int terminal; /* the console is somebody's terminal, not a pipe or a file */
  int rows, columns;
  int grace;            /* seconds from SIGTERM to SIGKILL */
  const char *root;     /* a disk to go on from; a null pointer: the initramfs itself */
  int root_read_only;
  unsigned ready_port;  /* I/O port that gets a byte when the console can take input; 0: none */
  const char *console;  /* the device that will be the console, once its driver is there; 0: whichever there is */
  const char *input;    /* names of virtio ports that carry the command's input and output; 0: the console does */
  const char *output;
};
/* Without the file: a shell on a terminal. 0, or -1 when it is damaged (it has been said). */
int read_run_file(struct run *run);

/* modules.c: the modules that /lib/modules/volt/order names, paths below /lib/modules, in its order. */
void load_modules(void);

/* root.c: makes a disk the root. 0, or -1 when that can't be (it has been said). */
int enter_root(const char *device, int read_only);
/* Runs the root disk's own init in this process's place. */
_Noreturn void become_init(const struct run *run);

/* main.c: the end of the machine. */
_Noreturn void go_down(int status);

/* network.c */
void raise_loopback(void);

/* console.c: the device behind /dev/console, its settings made for `run`. A descriptor, in non-blocking mode where it
   is to be relayed; /dev/null where there is no console. */
int open_console(const struct run *run);

/* button.c: the power button, on whichever input device has one, also one that comes later. */
struct pollfd;
#define BUTTON_FDS 9
void watch_buttons(void);
/* Descriptors to wait for: how many of at most BUTTON_FDS were filled in. */
size_t button_fds(struct pollfd *fds);
/* Reads what there is: was the button pressed? */
int button_pressed(void);

/* port.c: a virtio console's port by its name; the driver may still be on its way. A descriptor, or -errno. */
int open_port(const char *name, int flags);
/* Waits until there is such a file: 0 or -errno. */
int wait_for_path(const char *folder, const char *name);

/* relay.c: outside -> command and command -> outside, when the console is no terminal. Outside is the console, or two
   ports of a virtio console. */
struct relay {
  int source, sink;
  int framed;  /* the source has no end of file: see relay.c */
  int input;  /* write end of the command's standard input; -1 once it is closed */
  int output; /* read end of its standard output and error; -1 once it is closed */
  int source_ended;
  int escaped; /* 1: the last byte was a DLE; 2: the end of the input has come */
  size_t in_start, in_end, out_start, out_end;
  char in[16384], out[16384];
};
#define RELAY_FDS 2
/* Makes the pipes: the command's ends go to `ends` (0: to read from, 1: to write to). 0 or -errno. */
int relay_open(struct relay *relay, int source, int sink, int framed, int ends[2]);
size_t relay_fds(const struct relay *relay, struct pollfd *fds);
/* Moves what can be moved without waiting. */
void relay_move(struct relay *relay);
/* All output there is, to the outside, until the monitor has it. */
void relay_drain(struct relay *relay);

/* command.c: the command's process, in a session and process group of its own: its pid, or -errno. */
int start_command(const struct run *run, int input, int output, int terminal);
/* A wait status as a shell gives it: 0 to 255, 128+N for signal N. */
int exit_status(int wait_status);

/* stop.c: ends every process there is but this one, politely first. */
void stop_everything(void);

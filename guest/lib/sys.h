/*
 * The system calls of the guest's programs, without a C library: a static glibc program is 700 KiB, and every guest
 * would unpack it twice at each boot. Numbers and structs are the kernel's own (linux-libc-dev).
 *
 * Each call returns what the kernel returns: a negative number is -errno. There is no errno.
 */
#pragma once

#include <asm/fcntl.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/time_types.h>
#include <stddef.h>
#include <stdint.h>

static inline long sys_call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#define SYS(number, a, b, c, d, e, f) \
  sys_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline int sys_open(const char *path, int flags) { return (int)SYS(__NR_open, path, flags, 0, 0, 0, 0); }
static inline int sys_close(int fd) { return (int)SYS(__NR_close, fd, 0, 0, 0, 0, 0); }
static inline long sys_read(int fd, void *to, size_t size) { return SYS(__NR_read, fd, to, size, 0, 0, 0); }
static inline long sys_write(int fd, const void *from, size_t size) { return SYS(__NR_write, fd, from, size, 0, 0, 0); }
static inline long sys_pwrite(int fd, const void *from, size_t size, long at) {
  return SYS(__NR_pwrite64, fd, from, size, at, 0, 0);
}
static inline int sys_ioctl(int fd, unsigned long request, const void *argument) {
  return (int)SYS(__NR_ioctl, fd, request, argument, 0, 0, 0);
}
static inline int sys_dup2(int from, int to) { return (int)SYS(__NR_dup2, from, to, 0, 0, 0, 0); }
static inline int sys_pipe(int ends[2], int flags) { return (int)SYS(__NR_pipe2, ends, flags, 0, 0, 0, 0); }
static inline int sys_set_flags(int fd, int flags) { return (int)SYS(__NR_fcntl, fd, F_SETFL, flags, 0, 0, 0); }
static inline int sys_socket(int family, int type) { return (int)SYS(__NR_socket, family, type, 0, 0, 0, 0); }
static inline long sys_getdents(int fd, void *to, size_t size) { return SYS(__NR_getdents64, fd, to, size, 0, 0, 0); }

static inline int sys_access(const char *path) { return (int)SYS(__NR_access, path, 0, 0, 0, 0, 0); }
static inline int sys_mkdir(const char *path, int mode) { return (int)SYS(__NR_mkdir, path, mode, 0, 0, 0, 0); }
static inline int sys_chdir(const char *path) { return (int)SYS(__NR_chdir, path, 0, 0, 0, 0, 0); }
static inline int sys_chroot(const char *path) { return (int)SYS(__NR_chroot, path, 0, 0, 0, 0, 0); }
static inline int sys_symlink(const char *to, const char *path) { return (int)SYS(__NR_symlink, to, path, 0, 0, 0, 0); }
static inline int sys_mount(const char *what, const char *at, const char *type, unsigned long flags, const char *data) {
  return (int)SYS(__NR_mount, what, at, type, flags, data, 0);
}
static inline int sys_umount(const char *path) { return (int)SYS(__NR_umount2, path, 0, 0, 0, 0, 0); }
static inline void sys_sync(void) { SYS(__NR_sync, 0, 0, 0, 0, 0, 0); }
static inline int sys_inotify(int flags) { return (int)SYS(__NR_inotify_init1, flags, 0, 0, 0, 0, 0); }
static inline int sys_inotify_watch(int fd, const char *path, uint32_t events) {
  return (int)SYS(__NR_inotify_add_watch, fd, path, events, 0, 0, 0);
}

static inline int sys_getpid(void) { return (int)SYS(__NR_getpid, 0, 0, 0, 0, 0, 0); }
static inline int sys_fork(void) { return (int)SYS(__NR_fork, 0, 0, 0, 0, 0, 0); }
static inline int sys_setsid(void) { return (int)SYS(__NR_setsid, 0, 0, 0, 0, 0, 0); }
static inline int sys_kill(int pid, int signal) { return (int)SYS(__NR_kill, pid, signal, 0, 0, 0, 0); }
static inline int sys_execve(const char *path, char **argv, char **env) {
  return (int)SYS(__NR_execve, path, argv, env, 0, 0, 0);
}
static inline int sys_wait(int pid, int *status, int flags) {
  return (int)SYS(__NR_wait4, pid, status, flags, 0, 0, 0);
}
static inline _Noreturn void sys_exit(int status) {
  for (;;) SYS(__NR_exit_group, status, 0, 0, 0, 0, 0);
}
static inline int sys_sigaction(int signal, const struct sigaction *action) {
  return (int)SYS(__NR_rt_sigaction, signal, action, 0, sizeof(sigset_t), 0, 0);
}
static inline int sys_sigmask(const sigset_t *set) {
  return (int)SYS(__NR_rt_sigprocmask, SIG_SETMASK, set, 0, sizeof(sigset_t), 0, 0);
}
/* `mask` is the signal mask while it waits; -EINTR when a signal came. */
static inline int sys_poll(struct pollfd *fds, size_t count, struct __kernel_timespec *timeout, const sigset_t *mask) {
  return (int)SYS(__NR_ppoll, fds, count, timeout, mask, sizeof(sigset_t), 0);
}
static inline int sys_ioperm(unsigned port, unsigned count, int on) {
  return (int)SYS(__NR_ioperm, port, count, on, 0, 0, 0);
}
static inline int sys_load_module(int fd, int flags) { return (int)SYS(__NR_finit_module, fd, "", flags, 0, 0, 0); }
static inline int sys_sethostname(const char *name, size_t size) {
  return (int)SYS(__NR_sethostname, name, size, 0, 0, 0, 0);
}
static inline int sys_reboot(unsigned command) {
  return (int)SYS(__NR_reboot, 0xfee1dead, 0x28121969, command, 0, 0, 0); /* LINUX_REBOOT_MAGIC1, _MAGIC2 */
}

/* Zeroed memory that is never given back, or a null pointer. */
static inline void *sys_memory(size_t size) {
  long at = SYS(__NR_mmap, 0, size, 3 /* read, write */, 0x22 /* private, anonymous */, -1, 0);
  return at < 0 ? 0 : (void *)at;
}

static inline long sys_milliseconds(void) {
  struct __kernel_timespec now = {0, 0};
  SYS(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now, 0, 0, 0, 0);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

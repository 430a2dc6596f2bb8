/* What the measuring guests have in common: they are a machine's first and only program, with glibc linked in. */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Mounts /dev and /proc and loads every module of /modules, in the order of their names. */
void guest_start(void);
/* Waits up to ten seconds for a device. */
void guest_wait_for(const char *path);
/* Nanoseconds of the monotonic clock. */
uint64_t guest_ns(void);
/* Prints `begin NAME`, and waits until the console has taken it: whoever reads it there knows when a job begins. */
void guest_begin(const char *name);
/* Prints `failed: WHAT: errno` and ends the machine. */
_Noreturn void guest_fail(const char *what);
/* Prints `done` and ends the machine, once the console has taken all that was printed. */
_Noreturn void guest_end(void);

/* What a guest tells its monitor, and how it goes down. */
#pragma once

/* volt's exit status register: a byte of 1 to 255 written here is what `volt run` ends with. */
#define STATUS_PORT 0x501

/* Writes one byte to an I/O port: 0 or -errno. Needs CAP_SYS_RAWIO. */
int port_write(unsigned port, unsigned char byte);
/* Hands a status over (0 is what the monitor assumes anyway), then powers off; 0x501 must come last, as some
   monitors end the machine at that write. Returns -errno only where the caller may not do it (no CAP_SYS_BOOT). */
int machine_off(int status);
/* Kernel messages below `level` only on the console (0: none), unless more than `quiet` gives were asked for. An oops
   and a panic raise it again, but not from 0. */
void quiet_kernel(const char *level);

/*
 * A guest's only program: keeps every processor and /dev/vda at work until the machine is ended. On each processor one process
 * counts, and another reads blocks of 4 KiB from all over the disk, past the page cache. Prints a line `busy` when all do.
 */
#include "lib/guest.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define BLOCK 4096

static void stay_on(int processor)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		guest_fail("sched_setaffinity");
}

static _Noreturn void count(void)
{
	for (volatile uint64_t n = 0;; n++)
		;
}

static _Noreturn void read_all_over(uint64_t seed)
{
	uint64_t size;
	char *block = aligned_alloc(BLOCK, BLOCK);
	int fd = open("/dev/vda", O_RDONLY | O_DIRECT);
	if (!block || fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		guest_fail("/dev/vda");
	for (;;) {
		/* xorshift: the places need no better randomness. */
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		if (pread(fd, block, BLOCK, seed % (size / BLOCK) * BLOCK) != BLOCK)
			guest_fail("a read failed");
	}
}

int main(void)
{
	guest_start();
	guest_wait_for("/dev/vda");
	int processors = sysconf(_SC_NPROCESSORS_ONLN);
	for (int i = 0; i < 2 * processors; i++) {
		pid_t child = fork();
		if (child < 0)
			guest_fail("fork");
		if (child > 0)
			continue;
		stay_on(i / 2);
		if (i % 2)
			count();
		read_all_over(88172645463325252ull + i);
	}
	printf("busy\n");
	for (;;)
		pause();
}

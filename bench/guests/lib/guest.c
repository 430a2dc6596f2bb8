#include "guest.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

static void load(const char *name)
{
	char path[300];
	snprintf(path, sizeof path, "/modules/%s", name);
	int fd = open(path, O_RDONLY);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		guest_fail(name);
	close(fd);
}

void guest_start(void)
{
	struct dirent **names;
	/* As anything but a guest's first program it would end somebody's machine. */
	if (getpid() != 1) {
		fprintf(stderr, "this runs as a guest's init only\n");
		exit(1);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	/* Some kernels have it mounted already. */
	if (mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
		guest_fail("/dev");
	if (mount("proc", "/proc", "proc", 0, NULL))
		guest_fail("/proc");
	int count = scandir("/modules", &names, NULL, alphasort);
	for (int i = 0; i < count; i++)
		if (names[i]->d_name[0] != '.')
			load(names[i]->d_name);
}

void guest_wait_for(const char *path)
{
	for (int tries = 0; tries < 1000; tries++) {
		if (!access(path, F_OK))
			return;
		usleep(10000);
	}
	guest_fail(path);
}

uint64_t guest_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

void guest_begin(const char *name)
{
	printf("begin %s\n", name);
	tcdrain(1);
}

static _Noreturn void off(void)
{
	tcdrain(1);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

void guest_fail(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	off();
}

void guest_end(void)
{
	printf("done\n");
	off();
}

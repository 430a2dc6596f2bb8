/*
 * listener tcp PORT | unix PATH | vsock PORT: the host's end of `stream.c`. Says "ready", and then serves connections for
 * ever. The first byte of each says what it is for: s: takes all there is, and closes; r: sends until the other closes;
 * e: sends back whatever comes.
 */
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char buffer[1 << 20];

static int listen_at(int family, const void *address, socklen_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (fd < 0 || bind(fd, address, size) || listen(fd, 64)) {
		perror("listener");
		exit(1);
	}
	return fd;
}

static int open_listener(const char *kind, const char *where)
{
	if (!strcmp(kind, "unix")) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		snprintf(address.sun_path, sizeof address.sun_path, "%s", where);
		unlink(where);
		return listen_at(AF_UNIX, &address, sizeof address);
	}
	if (!strcmp(kind, "vsock")) {
		struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = atoi(where) };
		return listen_at(AF_VSOCK, &address, sizeof address);
	}
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(where)) };
	return listen_at(AF_INET, &address, sizeof address);
}

static void serve(int fd)
{
	char what;
	ssize_t n;
	int yes = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (read(fd, &what, 1) != 1)
		return;
	if (what == 'r')
		while (write(fd, buffer, sizeof buffer) > 0)
			;
	else
		while ((n = read(fd, buffer, sizeof buffer)) > 0)
			if (what == 'e' && write(fd, buffer, n) != n)
				break;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 1;
	int listener = open_listener(argv[1], argv[2]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int fd = accept(listener, 0, 0);
		if (fd < 0)
			continue;
		if (!fork()) {
			serve(fd);
			_exit(0);
		}
		close(fd);
	}
}

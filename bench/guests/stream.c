/*
 * A guest's only program: measures a stream between it and `listener.c` on the host, and ends the machine. Arguments, which
 * a kernel passes on from behind `--` on its command line:
 *
 *   tcp OWN-ADDRESS HOST-ADDRESS PORT JOB...     by eth0
 *   vsock - CID PORT JOB...
 *
 * A JOB is NAME:send|receive|echo:BYTES:MILLISECONDS, on a connection of its own. For each it prints a line `begin NAME`,
 * and in the end `result NAME count nanoseconds`: bytes that arrived, or round trips of BYTES.
 */
#include "lib/guest.h"
#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define MOST_BYTES (1 << 20)

static char buffer[MOST_BYTES];

static void bring_up(const char *own_address)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	/* The driver may still be looking for it. */
	for (int tries = 0; ioctl(fd, SIOCGIFINDEX, &request); tries++) {
		if (tries == 1000)
			guest_fail("eth0");
		usleep(10000);
	}
	memset(&request.ifr_addr, 0, sizeof request.ifr_addr);
	address->sin_family = AF_INET;
	inet_pton(AF_INET, own_address, &address->sin_addr);
	if (ioctl(fd, SIOCSIFADDR, &request))
		guest_fail("SIOCSIFADDR");
	inet_pton(AF_INET, "255.255.255.0", &address->sin_addr);
	if (ioctl(fd, SIOCSIFNETMASK, &request) || ioctl(fd, SIOCGIFFLAGS, &request))
		guest_fail("SIOCSIFNETMASK");
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		guest_fail("SIOCSIFFLAGS");
	close(fd);
}

static int connect_tcp(const char *host, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	inet_pton(AF_INET, host, &address.sin_addr);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		guest_fail("connect");
	return fd;
}

static int connect_vsock(unsigned cid, unsigned port)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };
	int error = 0;
	/* The driver may still be looking for its device. */
	for (int tries = 0; tries < 1000; tries++) {
		int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
		if (fd < 0)
			guest_fail("socket");
		if (!connect(fd, (struct sockaddr *)&address, sizeof address))
			return fd;
		error = errno;
		close(fd);
		usleep(10000);
	}
	errno = error;
	guest_fail("connect");
}

static uint64_t send_for(int fd, size_t bytes, uint64_t end)
{
	uint64_t sent = 0;
	while (guest_ns() < end) {
		ssize_t n = write(fd, buffer, bytes);
		if (n <= 0)
			guest_fail("write");
		sent += n;
	}
	/* It counts when it has arrived: the host closes its end then. */
	shutdown(fd, SHUT_WR);
	while (read(fd, buffer, 1) > 0)
		;
	return sent;
}

static uint64_t receive_for(int fd, size_t bytes, uint64_t end)
{
	uint64_t received = 0;
	while (guest_ns() < end) {
		ssize_t n = read(fd, buffer, bytes);
		if (n <= 0)
			guest_fail("read");
		received += n;
	}
	return received;
}

static uint64_t echo_for(int fd, size_t bytes, uint64_t end)
{
	uint64_t trips = 0;
	for (; guest_ns() < end; trips++) {
		if (write(fd, buffer, bytes) != (ssize_t)bytes)
			guest_fail("write");
		for (size_t back = 0; back < bytes;) {
			ssize_t n = read(fd, buffer, bytes - back);
			if (n <= 0)
				guest_fail("read");
			back += n;
		}
	}
	return trips;
}

static void run(const char *text, int fd)
{
	char name[32], way[16];
	unsigned long bytes, milliseconds;
	if (sscanf(text, "%31[^:]:%15[^:]:%lu:%lu", name, way, &bytes, &milliseconds) != 4 || bytes > MOST_BYTES)
		guest_fail("bad job");
	if (write(fd, way, 1) != 1)
		guest_fail("write");
	guest_begin(name);
	uint64_t begin = guest_ns(), end = begin + milliseconds * 1000000ull;
	uint64_t count = way[0] == 's' ? send_for(fd, bytes, end) :
			 way[0] == 'r' ? receive_for(fd, bytes, end) :
					 echo_for(fd, bytes, end);
	printf("result %s %llu %llu\n", name, (unsigned long long)count, (unsigned long long)(guest_ns() - begin));
	close(fd);
}

int main(int argc, char **argv)
{
	guest_start();
	if (argc < 6)
		guest_fail("too few arguments");
	int is_tcp = !strcmp(argv[1], "tcp");
	if (is_tcp)
		bring_up(argv[2]);
	for (int i = 5; i < argc; i++) {
		int port = atoi(argv[4]);
		run(argv[i], is_tcp ? connect_tcp(argv[3], port) : connect_vsock(atoi(argv[3]), port));
	}
	guest_end();
}

/*
 * requests SOCKET COUNT TEXT COMMAND ARGUMENT...
 *
 * Runs COMMAND, which answers HTTP at the Unix socket SOCKET, and asks it `GET /` on one connection: once as soon as it
 * answers at all, then, when it has printed TEXT (at once if that is empty), COUNT times more, one after another. Then ends
 * it by SIGKILL. Prints a line of JSON: nanoseconds from
 * just before the fork to the first answer, and what each later request took.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 1000000
#define LIMIT_NS 60000000000LL
/* Between two tries to connect. */
#define PAUSE_US 200

extern char **environ;

static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static pid_t child;

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "requests: %s: %s\n", what, strerror(errno));
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

static int try_to_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address))
		return fd;
	close(fd);
	return -1;
}

/* One request and all of its answer: its head says how long its body is. */
static void ask(int fd)
{
	static char answer[65536];
	size_t have = 0, want = 0;
	if (write(fd, request, sizeof request - 1) != sizeof request - 1)
		fail("write");
	while (!want || have < want) {
		ssize_t n = read(fd, answer + have, sizeof answer - 1 - have);
		if (n <= 0)
			fail("read");
		have += n;
		answer[have] = 0;
		char *body = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "content-length:");
		if (body && !want)
			want = body + 4 - answer + (length && length < body ? atol(length + 15) : 0);
	}
	if (strncmp(answer, "HTTP/1.1 200", 12)) {
		errno = EPROTO;
		fail(answer);
	}
}

/* Reads what the command prints until it has printed a text. */
static void wait_for(const char *text, int output)
{
	static char printed[1 << 20];
	size_t have = 0;
	while (!strstr(printed, text)) {
		ssize_t n = read(output, printed + have, sizeof printed - 1 - have);
		if (n <= 0)
			fail("the command did not print what it should");
		have += n;
		printed[have] = 0;
	}
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 1;
	long count = atol(argv[2]);
	long long *took = malloc(MOST * sizeof *took);
	if (count < 1 || count > MOST || !took)
		return 1;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	int output[2];
	if (pipe2(output, O_CLOEXEC))
		fail("pipe");
	posix_spawn_file_actions_adddup2(&actions, output[1], 1);
	long long begin = now();
	errno = posix_spawnp(&child, argv[4], &actions, NULL, argv + 4, environ);
	if (errno)
		fail(argv[4]);
	close(output[1]);
	int fd;
	while ((fd = try_to_connect(argv[1])) < 0) {
		if (now() - begin > LIMIT_NS || waitpid(child, NULL, WNOHANG) == child)
			fail("the command does not listen");
		usleep(PAUSE_US);
	}
	ask(fd);
	long long first = now() - begin;
	wait_for(argv[3], output[0]);
	for (long i = 0; i < count; i++) {
		long long before = now();
		ask(fd);
		took[i] = now() - before;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("{\"first\":%lld,\"took\":[", first);
	for (long i = 0; i < count; i++)
		printf("%s%lld", i ? "," : "", took[i]);
	printf("]}\n");
	return 0;
}

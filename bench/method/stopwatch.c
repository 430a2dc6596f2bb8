/*
 * stopwatch [-t SECONDS] [-k MARKER] [-m MARKER]... -- COMMAND ARGUMENT...
 *
 * Runs COMMAND with nothing on stdin and says when what happened, without a script language in between. First comes one
 * line of JSON, then what the command wrote to stdout and stderr, up to a megabyte of each as it came.
 *
 *   -m  when this text was complete on either of its outputs
 *   -k  the same, and the command is killed at that moment
 *   -t  it is killed after so long (default 60): its status then is 124
 *
 * Times are nanoseconds from just before the fork, -1 for what did not happen. For each text there is also how much
 * processor time the command had used by then, all its threads together, in nanoseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_MARKERS 16
#define MOST_OUTPUT (1 << 20)

extern char **environ;

struct marker {
	const char *text;
	long long at, cpu;
	int kills;
};

/* One of the command's outputs: all of it so far, as text. */
struct output {
	int fd;
	long long first;
	size_t length;
	char *text;
};

static struct marker markers[MOST_MARKERS];
static int marker_count;
static long long begin;

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long cpu_of(pid_t child)
{
	struct timespec t;
	clockid_t clock;
	if (clock_getcpuclockid(child, &clock) || clock_gettime(clock, &t))
		return -1;
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void add_marker(const char *text, int kills)
{
	if (marker_count == MOST_MARKERS) {
		errno = E2BIG;
		fail("-m");
	}
	markers[marker_count++] = (struct marker){ text, -1, -1, kills };
}

/* What came just now may complete a marker that began before: looks back as far as one is long. */
static void look_for_markers(struct output *out, size_t from, pid_t child, long long at)
{
	for (int i = 0; i < marker_count; i++) {
		size_t length = strlen(markers[i].text);
		size_t start = from > length ? from - length : 0;
		if (markers[i].at >= 0)
			continue;
		if (!memmem(out->text + start, out->length - start, markers[i].text, length))
			continue;
		markers[i].at = at;
		markers[i].cpu = cpu_of(child);
		if (markers[i].kills)
			kill(child, SIGKILL);
	}
}

/* Returns 0 at the end of the output. */
static int take(struct output *out, pid_t child)
{
	static char beyond[65536];
	size_t room = MOST_OUTPUT - out->length;
	size_t from = out->length;
	ssize_t n = read(out->fd, room ? out->text + from : beyond, room ? room : sizeof beyond);
	long long at = now() - begin;
	if (n < 0 && errno == EINTR)
		return 1;
	if (n <= 0)
		return 0;
	if (out->first < 0)
		out->first = at;
	if (room) {
		out->length += n;
		look_for_markers(out, from, child, at);
	}
	return 1;
}

static pid_t start(char **command, int out, int err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t child;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, err, 2);
	posix_spawnattr_init(&attributes);
	begin = now();
	errno = posix_spawnp(&child, command[0], &actions, &attributes, command, environ);
	if (errno)
		fail(command[0]);
	return child;
}

static void report(long long end, int status, const struct rusage *used, const struct output *outputs)
{
	printf("{\"status\":%d,\"wall\":%lld,\"firstByte\":%lld,\"marks\":[", status, end, outputs[0].first);
	for (int i = 0; i < marker_count; i++)
		printf("%s%lld", i ? "," : "", markers[i].at);
	printf("],\"cpuAtMarks\":[");
	for (int i = 0; i < marker_count; i++)
		printf("%s%lld", i ? "," : "", markers[i].cpu);
	printf("],\"cpu\":%lld,\"maxRssKib\":%ld}\n",
	       (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000000LL +
		       (used->ru_utime.tv_usec + used->ru_stime.tv_usec) * 1000LL,
	       used->ru_maxrss);
	fflush(stdout);
	for (int i = 0; i < 2; i++)
		fwrite(outputs[i].text, 1, outputs[i].length, stdout);
}

int main(int argc, char **argv)
{
	long long limit = 60000000000LL;
	int option, status, late = 0;
	while ((option = getopt(argc, argv, "+t:k:m:")) != -1) {
		if (option == 't')
			limit = atoll(optarg) * 1000000000LL;
		else if (option == 'k' || option == 'm')
			add_marker(optarg, option == 'k');
		else
			return 125;
	}
	int out[2], err[2];
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("pipe2");
	struct output outputs[2] = {
		{ out[0], -1, 0, malloc(MOST_OUTPUT) },
		{ err[0], -1, 0, malloc(MOST_OUTPUT) },
	};
	pid_t child = start(argv + optind, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	struct pollfd waits[2] = { { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } };
	while (waits[0].fd >= 0 || waits[1].fd >= 0) {
		long long left = limit - (now() - begin);
		if (left <= 0 && !late) {
			late = 1;
			kill(child, SIGKILL);
		}
		poll(waits, 2, late ? 1000 : (int)(left / 1000000) + 1);
		for (int i = 0; i < 2; i++)
			if (waits[i].fd >= 0 && waits[i].revents && !take(&outputs[i], child))
				waits[i].fd = -1;
	}
	struct rusage used;
	if (wait4(child, &status, 0, &used) < 0)
		fail("wait4");
	long long end = now() - begin;
	int code = late ? 124 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	report(end, code, &used, outputs);
	return 0;
}

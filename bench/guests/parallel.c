/*
 * A guest's only program: keeps several processors busy at once, and ends the machine. Its arguments are jobs, which a kernel
 * passes on from behind `--` on its command line:
 *
 *   NAME:sum:PROCESSES:MILLISECONDS    each process, on a processor of its own, sums up its mebibyte again and again
 *   NAME:pass:PROCESSES:MILLISECONDS   the processes stand in a ring, each on its processor, and pass a byte on: every step
 *                                      wakes a processor that sleeps
 *
 * For each job it prints a line `result NAME count nanoseconds`: mebibytes, or steps.
 */
#include "lib/guest.h"
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MOST_PROCESSES 32
#define WORDS (1024 * 1024 / 8)

struct job {
	char name[32], kind[8];
	int processes;
	uint64_t nanoseconds;
};

/* What the processes share: each has a line of its own, so that none waits for another's. */
static struct {
	_Alignas(64) volatile uint64_t count;
} *counters;
static int ring[MOST_PROCESSES][2];

static struct job read_job(const char *text)
{
	struct job job = { 0 };
	unsigned long long milliseconds;
	if (sscanf(text, "%31[^:]:%7[^:]:%d:%llu", job.name, job.kind, &job.processes, &milliseconds) != 4)
		guest_fail("bad job");
	if (job.processes < 1 || job.processes > MOST_PROCESSES)
		guest_fail("bad number of processes");
	job.nanoseconds = milliseconds * 1000000;
	return job;
}

static void sum(int process)
{
	static uint64_t words[WORDS];
	volatile uint64_t result;
	for (;;) {
		uint64_t total = counters[process].count;
		for (int i = 0; i < WORDS; i++) {
			words[i] += total;
			total = (total << 7 | total >> 57) ^ words[i];
		}
		result = total;
		(void)result;
		counters[process].count++;
	}
}

static void pass(int process, int processes)
{
	char byte;
	for (;;) {
		if (read(ring[process][0], &byte, 1) != 1 || write(ring[(process + 1) % processes][1], &byte, 1) != 1)
			_exit(1);
		counters[process].count++;
	}
}

static pid_t start(const struct job *job, int process)
{
	pid_t pid = fork();
	if (pid < 0)
		guest_fail("fork");
	if (pid > 0)
		return pid;
	cpu_set_t own;
	CPU_ZERO(&own);
	CPU_SET(process, &own);
	if (sched_setaffinity(0, sizeof own, &own))
		_exit(1);
	if (!strcmp(job->kind, "sum"))
		sum(process);
	else
		pass(process, job->processes);
	_exit(0);
}

static uint64_t counted(const struct job *job)
{
	uint64_t total = 0;
	for (int i = 0; i < job->processes; i++)
		total += counters[i].count;
	return total;
}

static void run(const struct job *job)
{
	pid_t pids[MOST_PROCESSES];
	memset(counters, 0, MOST_PROCESSES * sizeof *counters);
	for (int i = 0; i < job->processes; i++)
		if (pipe(ring[i]))
			guest_fail("pipe");
	for (int i = 0; i < job->processes; i++)
		pids[i] = start(job, i);
	if (write(ring[0][1], "!", 1) != 1)
		guest_fail("ring");
	usleep(100000); /* all of them are at it */
	uint64_t before = counted(job), begin = guest_ns();
	while (guest_ns() - begin < job->nanoseconds)
		usleep(10000);
	uint64_t count = counted(job) - before, took = guest_ns() - begin;
	for (int i = 0; i < job->processes; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
		close(ring[i][0]);
		close(ring[i][1]);
	}
	printf("result %s %llu %llu\n", job->name, (unsigned long long)count, (unsigned long long)took);
}

int main(int argc, char **argv)
{
	guest_start();
	counters = mmap(NULL, MOST_PROCESSES * sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counters == MAP_FAILED)
		guest_fail("memory");
	for (int i = 1; i < argc; i++) {
		struct job job = read_job(argv[i]);
		run(&job);
	}
	guest_end();
}

/*
 * A guest's only program: measures /dev/vda and ends the machine. Its arguments are jobs, which a kernel passes on from
 * behind `--` on its command line:
 *
 *   NAME:read|write:random|sequential:BYTES:DEPTH:MILLISECONDS
 *
 * DEPTH requests of BYTES are in flight at any time, past the guest's page cache (O_DIRECT, Linux AIO). For each job it
 * prints a line `begin NAME`, and in the end `result NAME requests nanoseconds`.
 */
#include "lib/guest.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define MOST_DEPTH 256

struct job {
	char name[32];
	int writes, is_random, depth;
	uint64_t bytes, nanoseconds;
};

struct disk {
	int fd;
	uint64_t size;
	/* Where the next sequential request goes, and what random ones are drawn from. */
	uint64_t next, seed;
};

static struct job read_job(const char *text)
{
	struct job job = { 0 };
	char way[8], order[16];
	unsigned long long bytes, milliseconds;
	if (sscanf(text, "%31[^:]:%7[^:]:%15[^:]:%llu:%d:%llu", job.name, way, order, &bytes, &job.depth, &milliseconds) != 6)
		guest_fail("bad job");
	if (job.depth < 1 || job.depth > MOST_DEPTH)
		guest_fail("bad depth");
	job.writes = !strcmp(way, "write");
	job.is_random = !strcmp(order, "random");
	job.bytes = bytes;
	job.nanoseconds = milliseconds * 1000000;
	return job;
}

/* xorshift: the places need no better randomness, and nobody waits for it. */
static uint64_t place(struct disk *disk, const struct job *job)
{
	uint64_t blocks = disk->size / job->bytes;
	if (!job->is_random)
		return (disk->next++ % blocks) * job->bytes;
	disk->seed ^= disk->seed << 13;
	disk->seed ^= disk->seed >> 7;
	disk->seed ^= disk->seed << 17;
	return (disk->seed % blocks) * job->bytes;
}

static void submit(aio_context_t context, struct disk *disk, const struct job *job, struct iocb *request)
{
	request->aio_fildes = disk->fd;
	request->aio_lio_opcode = job->writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	request->aio_nbytes = job->bytes;
	request->aio_offset = place(disk, job);
	if (syscall(SYS_io_submit, context, 1, &request) != 1)
		guest_fail("io_submit");
}

static void run(struct disk *disk, const struct job *job)
{
	static struct iocb requests[MOST_DEPTH];
	static struct io_event events[MOST_DEPTH];
	aio_context_t context = 0;
	if (syscall(SYS_io_setup, job->depth, &context))
		guest_fail("io_setup");
	char *buffers = aligned_alloc(4096, job->bytes * job->depth);
	if (!buffers)
		guest_fail("memory");
	memset(buffers, 0x5a, job->bytes * job->depth);
	guest_begin(job->name);
	uint64_t begin = guest_ns(), done = 0;
	for (int i = 0; i < job->depth; i++) {
		requests[i] = (struct iocb){ .aio_buf = (uintptr_t)(buffers + i * job->bytes), .aio_data = i };
		submit(context, disk, job, &requests[i]);
	}
	while (guest_ns() - begin < job->nanoseconds) {
		long count = syscall(SYS_io_getevents, context, 1, job->depth, events, 0);
		for (long i = 0; i < count; i++) {
			if (events[i].res != (int64_t)job->bytes)
				guest_fail("a request failed");
			submit(context, disk, job, &requests[events[i].data]);
		}
		done += count > 0 ? count : 0;
	}
	printf("result %s %llu %llu\n", job->name, (unsigned long long)done, (unsigned long long)(guest_ns() - begin));
	/* Waits for what is in flight. */
	syscall(SYS_io_destroy, context);
	free(buffers);
}

int main(int argc, char **argv)
{
	struct disk disk = { .seed = 88172645463325252ull };
	guest_start();
	guest_wait_for("/dev/vda");
	disk.fd = open("/dev/vda", O_RDWR | O_DIRECT);
	if (disk.fd < 0 || ioctl(disk.fd, BLKGETSIZE64, &disk.size))
		guest_fail("/dev/vda");
	for (int i = 1; i < argc; i++) {
		struct job job = read_job(argv[i]);
		run(&disk, &job);
	}
	guest_end();
}

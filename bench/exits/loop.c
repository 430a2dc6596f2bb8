/*
 * The vCPU loop in C, for comparison: runs the real-mode code on stdin at 0x1000 until it has left the guest COUNT times,
 * and writes the nanoseconds each took, answer included, to stdout as 32-bit words. Reads are answered with 0.
 *
 *     loop COUNT <code >times
 */
#include "machine.h"

static void run_loop(int vcpu, struct kvm_run *run, uint32_t *times, uint32_t count)
{
	uint64_t last = now();

	for (uint32_t i = 0; i < count;) {
		if (ioctl(vcpu, KVM_RUN, 0) < 0) {
			if (errno != EINTR && errno != EAGAIN)
				err(1, "KVM_RUN");
			continue;
		}
		if (run->exit_reason == KVM_EXIT_IO)
			*((uint8_t *)run + run->io.data_offset) = 0;
		else if (run->exit_reason == KVM_EXIT_MMIO)
			run->mmio.data[0] = 0;
		else
			errx(1, "exit reason %u", run->exit_reason);
		uint64_t t = now();
		times[i++] = t - last;
		last = t;
	}
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	uint32_t *times = calloc(count, sizeof(*times));
	struct machine machine = make_machine(0);

	if (!times)
		err(1, "memory");
	run_loop(machine.vcpu, machine.run, times, count);
	return fwrite(times, sizeof(*times), count, stdout) != count;
}

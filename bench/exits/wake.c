/*
 * How long a halted vCPU takes to wake, in C, for comparison: COUNT times raises the interrupt of GSI (KVM_IRQ_LINE, down
 * and up), and waits until the guest's code on stdin has counted it in the word at COUNTER, where it counts once by itself
 * when it is up. Writes the nanoseconds each took to stdout as 32-bit words.
 *
 *     wake COUNT GSI COUNTER REST_US <code >times
 */
#include "machine.h"
#include <pthread.h>
#include <sched.h>

static void *run_vcpu(void *argument)
{
	struct machine *machine = argument;

	for (;;)
		if (ioctl(machine->vcpu, KVM_RUN, 0) < 0 && errno != EINTR && errno != EAGAIN)
			err(1, "KVM_RUN");
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "wake COUNT GSI COUNTER REST_US");
	uint32_t count = strtoul(argv[1], NULL, 10);
	uint32_t *times = calloc(count, sizeof(*times));
	struct machine machine = make_machine(1);
	struct kvm_irq_level up = { .irq = strtoul(argv[2], NULL, 10), .level = 1 };
	struct kvm_irq_level down = { .irq = up.irq, .level = 0 };
	volatile uint32_t *counter = (uint32_t *)(machine.memory + strtoul(argv[3], NULL, 0));
	pthread_t thread;

	if (!times)
		err(1, "memory");
	check(-pthread_create(&thread, NULL, run_vcpu, &machine), "pthread_create");
	while (!*counter)
		usleep(1000); /* it comes up */
	for (uint32_t i = 0; i < count; i++) {
		uint32_t before = *counter;

		usleep(strtoul(argv[4], NULL, 10));
		uint64_t begin = now();
		check(ioctl(machine.vm, KVM_IRQ_LINE, &down), "KVM_IRQ_LINE");
		check(ioctl(machine.vm, KVM_IRQ_LINE, &up), "KVM_IRQ_LINE");
		/* The scheduler likes to wake a thread where its waker runs, who must not be in its way there. */
		while (*counter == before)
			sched_yield();
		times[i] = now() - begin;
	}
	/* The thread ends with the process. */
	return fwrite(times, sizeof(*times), count, stdout) != count;
}

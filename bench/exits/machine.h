/* What the loops in C have in common: 64 KiB of memory, one vCPU in real mode, the code on stdin at 0x1000. */
#pragma once

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MEMORY 0x10000
#define CODE 0x1000
#define STACK 0x8200

struct machine {
	int vm, vcpu;
	struct kvm_run *run;
	uint8_t *memory;
};

static inline uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

/* With `chips` there are interrupt controllers in the kernel, and `hlt` waits there. */
static inline struct machine make_machine(int chips)
{
	struct machine machine;
	int kvm = check(open("/dev/kvm", O_RDWR), "/dev/kvm");

	machine.vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	machine.memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (machine.memory == MAP_FAILED)
		err(1, "memory");
	check(read(0, machine.memory + CODE, MEMORY - CODE), "stdin");
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY, .userspace_addr = (uintptr_t)machine.memory
	};
	check(ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	if (chips)
		check(ioctl(machine.vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	machine.vcpu = check(ioctl(machine.vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	int size = check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	machine.run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, machine.vcpu, 0);
	if (machine.run == MAP_FAILED)
		err(1, "kvm_run");

	struct kvm_regs regs = { .rip = CODE, .rsp = STACK, .rflags = 2 };
	struct kvm_sregs sregs;
	check(ioctl(machine.vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	check(ioctl(machine.vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	check(ioctl(machine.vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	return machine;
}

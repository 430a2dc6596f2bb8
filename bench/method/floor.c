/*
 * floor CODE: the least a monitor can do, as a measure for the rest. One vCPU, 128 MiB, interrupt controllers in the
 * kernel; CODE is the ELF file of a tiny guest, entered in 32-bit mode. The serial port's data goes to stdout, a reset by
 * the keyboard controller ends it. No sandbox, no checks, no second thread.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY (128ul << 20)

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int call(int fd, unsigned long request, void *argument, const char *name)
{
	int result = ioctl(fd, request, argument);
	if (result < 0)
		fail(name);
	return result;
}

static uint32_t load(const char *path, char *memory)
{
	static char file[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, file, sizeof file) < (ssize_t)sizeof(Elf64_Ehdr))
		fail(path);
	Elf64_Ehdr *header = (Elf64_Ehdr *)file;
	Elf64_Phdr *segments = (Elf64_Phdr *)(file + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD)
			memcpy(memory + segments[i].p_paddr, file + segments[i].p_offset, segments[i].p_filesz);
	return header->e_entry;
}

static void enter(int vcpu, uint32_t entry)
{
	struct kvm_sregs special;
	struct kvm_segment code = { .limit = ~0u, .selector = 8, .type = 11, .present = 1, .db = 1, .s = 1, .g = 1 };
	struct kvm_segment data = code;
	struct kvm_regs registers = { .rip = entry, .rflags = 2 };
	data.selector = 16;
	data.type = 3;
	call(vcpu, KVM_GET_SREGS, &special, "KVM_GET_SREGS");
	special.cs = code;
	special.ds = special.es = special.fs = special.gs = special.ss = data;
	special.cr0 |= 1;
	call(vcpu, KVM_SET_SREGS, &special, "KVM_SET_SREGS");
	call(vcpu, KVM_SET_REGS, &registers, "KVM_SET_REGS");
}

int main(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (argc != 2 || kvm < 0)
		fail("floor");
	int vm = call(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
	call(vm, KVM_SET_TSS_ADDR, (void *)0xfffbd000, "KVM_SET_TSS_ADDR");
	call(vm, KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP");
	char *memory = mmap(0, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY, .userspace_addr = (uintptr_t)memory };
	call(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	uint32_t entry = load(argv[1], memory);
	int vcpu = call(vm, KVM_CREATE_VCPU, 0, "KVM_CREATE_VCPU");
	int size = call(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_run *run = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	enter(vcpu, entry);
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0) < 0)
			fail("KVM_RUN");
		if (run->exit_reason == KVM_EXIT_MMIO)
			continue;
		if (run->exit_reason != KVM_EXIT_IO) {
			fprintf(stderr, "exit %d\n", run->exit_reason);
			return 1;
		}
		const char *byte = (char *)run + run->io.data_offset;
		if (run->io.port == 0x3f8 && run->io.direction == KVM_EXIT_IO_OUT)
			(void)!write(1, byte, 1);
		if (run->io.port == 0x64 && (uint8_t)*byte == 0xfe)
			return 0;
	}
}

/* The first instruction of a program, and the four functions gcc may call on its own. */
#include <stddef.h>

int main(int argc, char **argv);
_Noreturn void start_main(long *stack);

/* The kernel enters with argc and argv on the stack (System V ABI, x86-64 supplement, "Process Initialization"). */
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start_main\n");

#include "sys.h"

_Noreturn void start_main(long *stack) { sys_exit(main((int)stack[0], (char **)(stack + 1))); }

void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  if ((char *)to <= (const char *)from) return memcpy(to, from, size);
  for (size_t i = size; i > 0; i--) ((char *)to)[i - 1] = ((const char *)from)[i - 1];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = (char)byte;
  return to;
}

int memcmp(const void *left, const void *right, size_t size) {
  for (size_t i = 0; i < size; i++) {
    int difference = ((const unsigned char *)left)[i] - ((const unsigned char *)right)[i];
    if (difference != 0) return difference;
  }
  return 0;
}

/** Why KVM_RUN came back, named as in <linux/kvm.h>. */
export const Exit = {
  KVM_EXIT_UNKNOWN: 0,
  KVM_EXIT_EXCEPTION: 1,
  KVM_EXIT_IO: 2,
  KVM_EXIT_HYPERCALL: 3,
  KVM_EXIT_DEBUG: 4,
  KVM_EXIT_HLT: 5,
  KVM_EXIT_MMIO: 6,
  KVM_EXIT_IRQ_WINDOW_OPEN: 7,
  KVM_EXIT_SHUTDOWN: 8,
  KVM_EXIT_FAIL_ENTRY: 9,
  KVM_EXIT_INTR: 10,
  KVM_EXIT_INTERNAL_ERROR: 17,
  KVM_EXIT_SYSTEM_EVENT: 24,
} as const;

/** `KVM_EXIT_IO` for 2; a number that has no name here says so. */
export function exitName(reason: number): string {
  return Object.entries(Exit).find(([, value]) => value === reason)?.[0] ?? `exit reason ${reason}`;
}

/** What KVM_EXIT_INTERNAL_ERROR's suberror says. */
export const INTERNAL_ERRORS: Readonly<Record<number, string>> = {
  1: "an instruction KVM could not emulate",
  2: "simultaneous exceptions",
  3: "an exit while delivering an event",
  4: "an unexpected exit reason",
};

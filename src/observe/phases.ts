/** The steps of a start and of a guest's boot, in the order they happen. The text is what logs and traces show. */
export const PHASES = [
  "process started",
  "volt's first line",
  "configuration resolved",
  "files opened",
  "confined, exec",
  "second stage's first line",
  "plan read",
  "vCPU threads started",
  "KVM initialised",
  "VM created",
  "CPUID configured",
  "guest memory allocated",
  "chips created",
  "kernel loaded",
  "serial console",
  "vCPU configured",
  "VM is running",
  "vCPU 0 enters KVM_RUN",
  "first console byte",
  "guest user space",
  "guest ended",
] as const;

export type Phase = (typeof PHASES)[number];

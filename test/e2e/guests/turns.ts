/** How many guests run at a time. */

/**
 * One. QEMU's emulation of SVM is not sound where VMs and other threads take turns on a processor: now and then the
 * nested machine's own kernel finds itself with a guest's state after an exit, and panics; or a guest goes on at an address of
 * the machine's kernel, with its page tables, and faults for ever (the trace of kvm_exit shows a `rip` inside kvm_amd). That
 * guest is silent from then on, in the middle of a word, its vCPU's thread busy in KVM_RUN. Two guests at a time make it
 * common, and so does whatever interrupts a guest that runs from another processor: processes that come and go, an irqfd (of
 * 9 boots beside such processes with the serial port's interrupt by irqfd 2 hung and 2 brought the machine down, of 36 with
 * the interrupt raised by the vCPU's own thread none), vhost, QEMU's as well. A newer QEMU (test/testbed/qemu.ts) makes it rarer.
 */
const AT_A_TIME = 1;

let running = 0;
const waiting: (() => void)[] = [];

/** Waits until fewer than AT_A_TIME others run. @returns call it when done */
export async function takeTurn(): Promise<() => void> {
  if (running < AT_A_TIME) running++;
  else await new Promise<void>((go) => waiting.push(go)); // whoever goes hands its place over
  return () => {
    const next = waiting.shift();
    if (next) next();
    else running--;
  };
}

/** How many guests run at a time. */

/**
 * One. Where VMs and other threads take turns on an emulated processor, QEMU's SVM now and then goes wrong: the nested
 * machine's own kernel finds itself with a guest's state after an exit, and panics; or a guest goes on at an address of the
 * machine's kernel, with its page tables, and faults for ever (the trace of kvm_exit shows a `rip` inside kvm_amd), silent
 * in the middle of a word. Two guests at a time make it more common. QEMU 10 and older do so at every other chance (a guest
 * whose console a slow reader takes: 5 of 5 runs, with 11 one of 20), which is why test/testbed/qemu.ts gets a newer one.
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

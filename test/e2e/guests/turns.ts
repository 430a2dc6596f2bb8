/** How many guests run at a time. */

/**
 * One. Where VMs and other threads take turns on an emulated processor, QEMU's SVM now and then goes wrong, in two ways:
 * - VMRUN with an interrupt to inject leaves the number of that interrupt where QEMU keeps an exception to come
 *   (`exception_index`, helper_vmrun). If QEMU's own threads kick the processor before its next exception, it takes the
 *   interrupt again, in the first instruction of the handler, with interrupts off: the guest's kernel then has the wrong GS,
 *   faults in its fault handler, and says that a stack's guard page was hit, or nothing more. Seen: such a crash, with a
 *   handler's first instruction interrupted while interrupts were off. The cause is read from QEMU's source, of older
 *   versions, and not proven by a mended QEMU. With one thread for all processors (`thread=single`), which are kicked ten
 *   times a second, 3 of 3 transfers of 256 MiB crashed within 45 s; with several, some got through.
 * - QEMU before 10.2 changes `interrupt_request` from several threads without atomics: the nested machine's own kernel
 *   finds itself with a guest's state after an exit, or a guest goes on at an address of the machine's kernel. A guest whose
 *   console a slow reader takes: 5 of 5 runs with 10, one of 20 with 11, which is why test/testbed/qemu.ts gets that.
 *
 * Two guests at a time make both more common.
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

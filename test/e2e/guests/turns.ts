/** How many guests run at a time. */

/**
 * Two: a guest waits for its devices as often as it computes. The nested machine has two processors, and one QEMU that is
 * new enough for two VMs to take turns on them (test/testbed/qemu.ts).
 */
const AT_A_TIME = 2;

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

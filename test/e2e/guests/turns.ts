/** How many guests run at a time. */

/** A nested machine has two processors, and a booting guest keeps one of them busy. */
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

import type { Host } from "./command.ts";
import { openHost } from "./host.ts";

let opened: Promise<Host> | undefined;

/** The one host of a whole test run (`bun test` runs every file in one process), opened when a test first wants it. */
export async function sharedHost(): Promise<Host> {
  const before = opened;
  // A machine that died fails the tests that were using it; the next ones get another.
  const isDead =
    before !== undefined &&
    !(await before.then(
      ({ alive }) => alive,
      () => false,
    ));
  if (opened === undefined || (isDead && opened === before)) opened = openHost();
  return opened;
}

/** For test/setup.ts, after the last test. */
export async function stopSharedHost(): Promise<void> {
  const host = await opened?.catch(() => undefined);
  await host?.stop();
  opened = undefined;
}

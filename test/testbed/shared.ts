import type { Host } from "./command.ts";
import { openHost } from "./host.ts";

let opened: Promise<Host> | undefined;

/** The one host of a whole test run (`bun test` runs every file in one process), opened when a test first wants it. */
export function sharedHost(): Promise<Host> {
  opened ??= openHost();
  return opened;
}

/** For test/setup.ts, after the last test. */
export async function stopSharedHost(): Promise<void> {
  const host = await opened?.catch(() => undefined);
  await host?.stop();
  opened = undefined;
}

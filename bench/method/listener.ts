import type { Host } from "../../test/testbed/command.ts";

/**
 * Starts `listener.c` and waits until it listens.
 * @param words its arguments
 * @throws Error with what it said when it can't
 */
export async function startListener(host: Host, listener: string, words: readonly string[]): Promise<Disposable> {
  const ready = Promise.withResolvers<void>();
  const running = host.start([listener, ...words], { timeoutMs: 3_600_000, onStdout: () => ready.resolve() });
  running.finished.then(
    ({ stderr }) => ready.reject(new Error(`listener ${words.join(" ")}: ${stderr}`)),
    (error) => ready.reject(error),
  );
  await ready.promise;
  return { [Symbol.dispose]: () => running.kill() };
}

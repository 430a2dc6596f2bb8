import type { OutputSink } from "./command.ts";

/** One output of a command: bytes go in as they come, and reach the sink one after the other, or are kept. */
export type Output = {
  /** Resolves when the sink has taken them. */
  write(bytes: Buffer): Promise<void>;
  /** Everything kept; waits for the sink. Throws what the sink threw. */
  finish(): Promise<Buffer>;
};

export function openOutput(sink: OutputSink | undefined): Output {
  const kept: Buffer[] = [];
  let last = Promise.resolve();
  return {
    write(bytes) {
      if (!sink) {
        kept.push(bytes);
        return last;
      }
      // A sink that threw is not called again, and the command is not held up: `finish` tells.
      last = last.then(() => sink(bytes));
      return last.catch(() => undefined);
    },
    async finish() {
      await last;
      return Buffer.concat(kept);
    },
  };
}

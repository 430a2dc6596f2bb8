/** The last lines of the machine's console and of its processes' complaints, for the error when it dies. */
export type ConsoleTail = {
  tail(): string;
  /** Both streams are at their end. */
  readonly ended: Promise<void>;
};

const KEPT_CHARACTERS = 16_384;
const KEPT_LINES = 60;

export function followConsole(...streams: ReadableStream<Uint8Array>[]): ConsoleTail {
  let kept = "";
  const follow = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) kept = (kept + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
  };
  return {
    tail: () => `\n${kept.trimEnd().split(/\r?\n/).slice(-KEPT_LINES).join("\n")}`,
    ended: Promise.all(streams.map(follow)).then(() => undefined),
  };
}

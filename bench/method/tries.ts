/**
 * A run that gets a second try. The emulated machine now and then crashes a guest, or stops it for ever: that must not cost
 * a table, and must be seen. A monitor that fails twice has failed.
 * @param who for the messages
 * @param say is told of a first failure, in a line
 * @throws Error that names who failed
 */
export async function twoTries<Result>(
  who: string,
  run: () => Promise<Result>,
  say: (line: string) => void = console.error,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    say(`bench: ${who}, tried again: ${inOneLine(error)}`);
  }
  try {
    return await run();
  } catch (error) {
    throw new Error(`${who}, twice: ${(error as Error).message}`, { cause: error });
  }
}

function inOneLine(error: unknown): string {
  return (error as Error).message.split("\n").slice(0, 4).join(" / ");
}

/** The last word on an error: one line on stderr, and where it came from only for who asks. */
import { Fd } from "../../ffi/fd.ts";
import { printable } from "../config/printable.ts";

const STDERR = 2;

export function reportFailure(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  print(STDERR, `volt: ${printable(message.replaceAll(/\s*\n\s*/g, "; "))}\n`);
  if (process.env["VOLT_DEBUG"] === "1" && error instanceof Error) print(STDERR, `${error.stack}\n`);
}

/** process.stdout and process.stderr take 8 ms to come up in Bun; write(2) does not. */
export function print(fd: number, text: string): void {
  try {
    new Fd(fd, "output").writeAll(Buffer.from(text));
  } catch {
    // Nobody reads: there is nobody to tell.
  }
}

/**
 * Something volt was given to boot cannot be booted. The message is the one line the user sees:
 * where it is (a file), what is wrong, and what to do about it.
 */
export class BootError extends Error {
  override readonly name = "BootError";

  constructor(where: string, what: string, advice: string) {
    super(`${printable(where)}: ${what}; ${advice}`);
  }
}

/** Advice that many errors share. */
export const CUT_SHORT = "the file is cut short: get it again";
export const DAMAGED = "the file is damaged: get it again";

/** A file may be called anything, but its name must not break the line or reprogram the user's terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

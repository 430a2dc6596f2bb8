/**
 * Text from outside (a path, a file's content) as it may stand in a message: control characters, C1 included, are
 * spelt out, so that it can neither forge lines nor reprogram the terminal.
 */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

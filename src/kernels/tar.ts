/** tar, between a folder and an open file: it never sees a file's name, which could be a host's for it, or a flag. */
import { requireTool } from "./tool.ts";

/** These only say that something else was said before. */
const AFTERMATH = /Error is not recoverable|Exiting with failure status|At beginning of tape|Skipping to next header/;
const BLOCK = 512;

export interface TarFiles {
  readonly stdin?: number;
  /** "inherit" for volt's own. */
  readonly stdout?: number | "inherit";
  /** No file becomes larger, also not one of holes; in bytes. The host's kernel sees to it: tar believes any archive. */
  readonly most?: number;
}

/**
 * @param args without -f
 * @returns what it complained of, in its own order and without its name; nothing when all went well
 * @throws ConfigError when there is no tar
 */
export async function tar(args: readonly string[], { stdin, stdout, most }: TarFiles): Promise<string[]> {
  const command = [requireTool("tar", "tar"), "-f", "-", ...args];
  const limited = ["sh", "-c", `ulimit -f ${Math.ceil((most ?? 0) / BLOCK)} && exec "$@"`, "sh", ...command];
  const child = Bun.spawn(most === undefined ? command : limited, {
    env: { ...process.env, LC_ALL: "C", TAR_OPTIONS: "" },
    stdin: stdin ?? "ignore",
    stdout: stdout ?? "ignore",
    stderr: "pipe",
  });
  const [stderr, status] = await Promise.all([child.stderr.text(), child.exited]);
  if (status === 0) return [];
  const lines = stderr.split("\n").filter((line) => line !== "" && !AFTERMATH.test(line));
  const end = child.signalCode ? [`it ended by ${child.signalCode}`] : [];
  const complaints = [...lines.map((line) => line.replace(/^\S*tar: (-: )?/, "")), ...end];
  return complaints.length > 0 ? complaints : [`it ended with status ${status}`];
}

/** Of tar's complaints, what the disk is to blame for, and the mend. */
export function fullDisk(complaints: readonly string[]): string | undefined {
  const all = complaints.join("\n");
  // "Wrote only": a write fills what room there is before the next one fails.
  if (/No space left on device|Wrote only/.test(all)) return "the disk is full: free some of it";
  return /Disk quota exceeded/.test(all) ? "your quota is used up: free some of it" : undefined;
}

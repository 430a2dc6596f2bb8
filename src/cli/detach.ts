/** `volt run -d`: one process waits at the terminal, another becomes the VM. */
import { Errno } from "../../ffi/error.ts";
import { Fd } from "../../ffi/fd.ts";
import { readTextFile } from "../../ffi/files.ts";
import { isReady, POLL } from "../../ffi/poll.ts";
import { exitNow } from "../../ffi/process.ts";
import { IS_RUNNING } from "../api/own-face.ts";
import { ConfigError } from "../config/error.ts";
import { removeDead } from "../instances/list.ts";
import type { InstancePaths } from "../instances/paths.ts";
import { EXIT_VOLT_FAILED } from "../machine/exit-code.ts";
import { print } from "./failure.ts";

const [STDOUT, STDERR] = [1, 2];
/** The environment variable that tells the second process what it is, and where it finds the first. */
const VARIABLE = "VOLT_DETACHED";
const READY_FD = 3;
const FOR_EVER = -1;

/** The process that waits, as the VM's own first stage sees it. */
export interface Waiting {
  /** The VM has its folder: what is said from now on is in there. */
  claimed(paths: InstancePaths): void;
  /** Lets the pipe to it survive the exec. @returns its number */
  keep(): number;
}

/** Undefined for a process that nobody waits for. @throws ConfigError */
export function whoWaits(): Waiting | undefined {
  const value = process.env[VARIABLE];
  if (value === undefined) return undefined;
  const pipe = new Fd(READY_FD, "the pipe to volt run -d");
  if (value !== String(READY_FD) || !isPipe(pipe)) {
    throw new ConfigError("", VARIABLE, "is set by volt itself: unset it");
  }
  return {
    claimed: (paths) => pipe.writeAll(Buffer.from(`${JSON.stringify(paths)}\n`)),
    keep() {
      pipe.setInherited(true);
      return pipe.number;
    },
  };
}

/** Starts the VM, and ends this process: with the VM's name on stdout, or as the VM ended and with what it said. */
export async function runDetached(argv: readonly string[]): Promise<never> {
  const child = Bun.spawn(["/proc/self/exe", ...argv], {
    argv0: process.argv0,
    env: { ...process.env, [VARIABLE]: String(READY_FD) },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    // A session of its own: no terminal, and no signal of this one's.
    detached: true,
  });
  const said = new Response(child.stderr).text();
  const [claimed = "", running] = heard(new Fd(child.stdio[READY_FD] as number, "the VM")).split(/(?<=\n)/);
  const paths: InstancePaths | undefined = claimed === "" ? undefined : JSON.parse(claimed);
  if (paths && running === IS_RUNNING) {
    print(STDOUT, `${paths.folder.slice(paths.folder.lastIndexOf("/") + 1)}\n`);
    exitNow(0);
  }
  const status = await child.exited;
  print(STDERR, await said);
  if (paths) {
    print(STDERR, readTextFile(paths.log) ?? "");
    removeDead(paths);
  }
  exitNow(status || EXIT_VOLT_FAILED);
}

/** All that is written to a pipe until its other end is closed. */
function heard(pipe: Fd): string {
  const chunk = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const n = pipe.read(chunk);
    if (n > 0) text += Buffer.from(chunk.subarray(0, n)).toString();
    else if (n === -Errno.EAGAIN) isReady(pipe.number, POLL.IN, FOR_EVER);
    else if (n !== -Errno.EINTR) return text;
  }
}

function isPipe(fd: Fd): boolean {
  try {
    return ["fifo", "socket"].includes(fd.status().kind);
  } catch {
    return false;
  }
}

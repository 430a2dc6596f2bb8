/** The face of `volt run`: its API, and whoever waits until it has detached. */
import { Fd } from "../../ffi/fd.ts";
import { removeSocketFile, SOCKET_FILE_RULES, type SocketFile } from "../host/socket-file.ts";
import { type Face, ownFace } from "../machine/face.ts";
import { createLog, type Log, type LogFormat } from "../observe/log.ts";
import { allow, type Rule } from "../security/seccomp/rule.ts";
import { BoundedOutput, type PlannedOutput } from "./bounded-output.ts";
import type { PlannedApi } from "./planned.ts";
import { serveWhenAsked } from "./when-asked.ts";

/** What crosses the exec: pure data. */
export interface PlannedOwn {
  /** The VM's name. */
  readonly id: string;
  readonly api: PlannedApi;
  /** The API's socket, where it goes with volt: one that `--api` asked for. */
  readonly socket?: SocketFile;
  readonly detached?: PlannedDetached;
}

export interface PlannedDetached {
  /** A pipe to the `volt run -d` that waits until the VM runs. */
  readonly ready: number;
  readonly outputs: { readonly console: PlannedOutput; readonly log: PlannedOutput };
  readonly logFormat: LogFormat;
}

/** What the waiting `volt run -d` reads. */
export const IS_RUNNING = "running\n";

/** Of what keeps the output of a detached VM bounded. */
const OUTPUT_RULES: readonly Rule[] = [allow("a detached VM's output stays bounded", "ftruncate pwrite64")];

/** What the sandbox has to allow. */
export function ownRules(hasSocketFile: boolean, isDetached: boolean): readonly Rule[] {
  return [...(hasSocketFile ? SOCKET_FILE_RULES : []), ...(isDetached ? OUTPUT_RULES : [])];
}

/** @param planned a `PlannedOwn` */
export function runFace(planned: unknown): Face {
  const { id, api, socket, detached } = planned as PlannedOwn;
  const outputs = Object.values(detached?.outputs ?? {}).map((output) => new BoundedOutput(output));
  return ownFace({
    serve: (control) => serveWhenAsked(api, id, control),
    rules: ownRules(socket !== undefined, detached !== undefined),
    ...(detached
      ? {
          started: () => tellRunning(detached.ready),
          turned: () => {
            for (const output of outputs) output.bound();
          },
        }
      : {}),
    ending: (status) => {
      if (socket) removeSocketFile(socket);
      // Nobody waits for it: the log is where its status can be found.
      if (detached) logTo(detached).info(`ended with status ${status}`);
    },
  });
}

function logTo({ outputs, logFormat }: PlannedDetached): Log {
  const fd = new Fd(outputs.log.fd, "the log");
  return createLog({ level: "info", format: logFormat, write: (line) => void fd.write(Buffer.from(line)) });
}

function tellRunning(ready: number): void {
  using pipe = new Fd(ready, "who waits");
  pipe.write(Buffer.from(IS_RUNNING));
}

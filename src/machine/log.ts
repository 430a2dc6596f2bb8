/** The log of a running machine: any thread writes whole lines to the same descriptor. */
import { Fd } from "../../ffi/fd.ts";
import { LineTarget } from "../host/line-target.ts";
import { createLog, type Log, type LogFormat, type LogLevel } from "../observe/log.ts";
import type { Mark } from "../observe/timeline.ts";
import type { MachineState } from "./state.ts";

export interface MachineLogOptions {
  readonly fd: number;
  readonly level: LogLevel;
  readonly format: LogFormat;
}

export interface MachineLog extends Log {
  /** A timeline's mark as a trace line. */
  phase(mark: Mark): void;
}

/** @param state says whether the log shares a terminal in raw mode, where a line needs its own carriage return */
export function machineLog(options: MachineLogOptions, state?: MachineState): MachineLog {
  const target = new LineTarget(new Fd(options.fd, "the log"));
  const log = createLog({
    level: options.level,
    format: options.format,
    // A log that is full or gone must not stop the machine: the line is lost.
    write: (line) => {
      if (!target.write(line)) state?.countMissedLogLine();
    },
    lineEnd: () => (state?.rawTerminal ? "\r\n" : "\n"),
  });
  const phase = ({ phase: name, ms }: Mark) => log.trace(`${ms.toFixed(3).padStart(9)} ms  ${name}`);
  return Object.assign(log, { phase });
}

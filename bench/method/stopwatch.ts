/** Runs a command under `stopwatch.c`, here or in the nested machine, and reads what it says. */
import type { Host } from "../../test/testbed/command.ts";

export interface StopwatchOptions {
  /** Texts of the command's output whose time is wanted. */
  readonly marks?: readonly string[];
  /** One more, at which the command is killed. */
  readonly killAt?: string;
  readonly seconds?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Times in milliseconds since just before the fork. */
export interface Times {
  /** 128+N when signal N ended it, 124 when its time was up. */
  readonly status: number;
  readonly wall: number;
  /** The first byte on stdout. */
  readonly firstByte: number | undefined;
  /** In the order of the options, `killAt` last. */
  readonly marks: readonly (number | undefined)[];
  /** Processor time the command had used at each mark, all its threads together; undefined as in `marks`. */
  readonly cpuAtMarks: readonly (number | undefined)[];
  /** Processor time of the command and of what it waited for. */
  readonly cpu: number;
  /** What it wrote: stdout, then stderr. */
  readonly output: string;
}

/** @param stopwatch the compiled `stopwatch.c` */
export async function time(
  host: Host,
  stopwatch: string,
  command: readonly string[],
  { marks = [], killAt, seconds = 60, env = {} }: StopwatchOptions = {},
): Promise<Times> {
  const flags = [...marks.flatMap((mark) => ["-m", mark]), ...(killAt === undefined ? [] : ["-k", killAt])];
  const words = [stopwatch, "-t", String(seconds), ...flags, "--", ...command];
  const { stdout, stderr, status } = await host.run(words, { timeoutMs: (seconds + 30) * 1000, env });
  if (status !== 0) throw new Error(`${command[0]}: the stopwatch ended with ${status}: ${stderr}`);
  return readTimes(stdout.toString());
}

/** @param text the stopwatch's stdout */
export function readTimes(text: string): Times {
  const end = text.indexOf("\n");
  const { status, wall, firstByte, marks, cpuAtMarks, cpu } = JSON.parse(text.slice(0, end)) as Record<
    "status" | "wall" | "firstByte" | "cpu",
    number
  > & { marks: number[]; cpuAtMarks: number[] };
  const ms = (ns: number): number | undefined => (ns < 0 ? undefined : ns / 1e6);
  return {
    status,
    wall: wall / 1e6,
    firstByte: ms(firstByte),
    marks: marks.map(ms),
    cpuAtMarks: cpuAtMarks.map(ms),
    cpu: cpu / 1e6,
    output: text.slice(end + 1),
  };
}

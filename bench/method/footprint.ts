/**
 * What a monitor's process takes besides the guest's own memory. Nothing in /proc tells which mapping is the guest's (the
 * kernel merges neighbours, a run-time's heap may have the same size): so the guest touches all of it but the first MiB,
 * and that is what is taken off.
 */
import type { Host } from "../../test/testbed/command.ts";

/** What a guest of `touchAll` leaves alone. */
export const UNTOUCHED_BYTES = 2 ** 20;

/** Bytes. */
export interface Footprint {
  /** All that is resident, shared or not. */
  readonly rss: number;
  /** Shared pages count by the share of those who have them. */
  readonly pss: number;
  /** What would be free if this process ended, and can't be had from a file again. */
  readonly privateDirty: number;
}

/** Starts "$@" N times, waits until each has printed something and some seconds more, shows their memory, ends them. */
const SNAPSHOT = `
folder=$(mktemp -d); n=$1; settle=$2; shift 2; pids=
for i in $(seq $n); do "$@" </dev/null >$folder/$i 2>&1 & pids="$pids $!"; done
for i in $(seq $n); do
  for try in $(seq 1200); do [ -s $folder/$i ] && break; sleep 0.05; done
done
sleep $settle
for pid in $pids; do cat /proc/$pid/smaps_rollup; done
kill -9 $pids; rm -r $folder`;
const LIMIT_MS = 180_000;

/**
 * Runs `count` monitors at once, each with a guest that touches its memory and then prints something.
 * @param guestBytes each guest's memory
 * @returns one footprint for each
 * @throws Error when one did not start
 */
export async function footprints(
  host: Host,
  command: readonly string[],
  { count, guestBytes, settleSeconds }: { count: number; guestBytes: number; settleSeconds: number },
): Promise<Footprint[]> {
  const words = ["sh", "-c", SNAPSHOT, "sh", String(count), String(settleSeconds), ...command];
  const { stdout, stderr } = await host.run(words, { timeoutMs: LIMIT_MS });
  const prints = readRollups(stdout.toString(), guestBytes - UNTOUCHED_BYTES);
  if (prints.length !== count) throw new Error(`${command[0]}: ${prints.length} of ${count} started: ${stderr}`);
  return prints;
}

/**
 * @param text of one or several /proc/PID/smaps_rollup, one after another
 * @param guestBytes the guest's memory that is resident
 * @throws Error when a process has less than that
 */
export function readRollups(text: string, guestBytes: number): Footprint[] {
  return text
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ .*\[rollup\])/m)
    .filter((part) => part.includes("[rollup]"))
    .map((part) => readRollup(part, guestBytes));
}

function readRollup(text: string, guestBytes: number): Footprint {
  const own = (field: string): number => {
    const bytes = 1024 * Number(new RegExp(`^${field}: +(\\d+) kB`, "m").exec(text)?.[1] ?? 0) - guestBytes;
    if (bytes < 0) throw new Error(`the guest did not touch its ${guestBytes} bytes (${field} is less by ${-bytes})`);
    return bytes;
  };
  return { rss: own("Rss"), pss: own("Pss"), privateDirty: own("Private_Dirty") };
}

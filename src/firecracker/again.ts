/**
 * A start that failed has opened disks, TAPs, the kernel. What it opened survives no exec but the one it was meant for: so
 * volt begins again, with the draft and the clients it had, and the user may mend the one and try once more.
 */
import { closeOnExecFrom } from "../../ffi/close-range.ts";
import { Fd } from "../../ffi/fd.ts";
import { exec } from "../../ffi/process.ts";
import { unblockSignals } from "../../ffi/signal.ts";
import type { PlannedApi } from "../api/planned.ts";
import type { ApiServer } from "../api/server.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import { type Draft, keepMetricsOpen } from "./draft.ts";
import { SIGNALS } from "./face.ts";
import type { FirecrackerLog, LogSettings } from "./log.ts";

export interface Again {
  readonly api: PlannedApi;
  readonly draft: Draft;
  readonly log: LogSettings;
  readonly counts: Counts;
  /** What the client that asked for the start is told. */
  readonly problem: string;
}

const VARIABLE = "VOLT_FIRECRACKER_AGAIN";
const MOST_BYTES = 16 * 2 ** 20;
const FIRST_OF_OURS = 3;

/** Does not return. @throws SystemError */
export function beginAgain(
  server: ApiServer,
  draft: Draft,
  log: FirecrackerLog,
  counts: Counts,
  problem: string,
): never {
  closeOnExecFrom(FIRST_OF_OURS);
  unblockSignals(SIGNALS);
  log.keepOpen();
  keepMetricsOpen(draft);
  const again: Again = { api: server.plan(), draft, log: log.settings, counts, problem };
  const file = Fd.sealed("volt-again", Buffer.from(JSON.stringify(again)));
  file.setInherited(true);
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const environment = { ...Object.fromEntries(inherited), [VARIABLE]: String(file.number) };
  return exec("/proc/self/exe", [process.argv0, ...process.argv.slice(2)], environment);
}

/** What a life before this one left; undefined in the first. */
export function readAgain(): Again | undefined {
  const number = Number(process.env[VARIABLE] ?? "none");
  delete process.env[VARIABLE];
  if (!Number.isInteger(number)) return undefined;
  using file = new Fd(number, "the life before");
  if (!file.isSealed) return undefined;
  return JSON.parse(Buffer.from(file.readAt(0, Math.min(file.status().size, MOST_BYTES))).toString());
}

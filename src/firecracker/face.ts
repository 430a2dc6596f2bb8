/** Firecracker's face on a machine that runs. */
import { exitNow } from "../../ffi/process.ts";
import { Signal } from "../../ffi/signal.ts";
import type { PlannedApi } from "../api/planned.ts";
import { answer, fault, NO_CONTENT } from "../api/router.ts";
import { type Identity, runningRoutes } from "../api/routes/running.ts";
import { voltRoutes } from "../api/routes/volt.ts";
import { ApiServer } from "../api/server.ts";
import type { ControlService, MachineControl } from "../machine/control.ts";
import type { Face } from "../machine/face.ts";
import type { SignalMeaning } from "../machine/signals.ts";
import { LineLimiter } from "../observe/line-limiter.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import { FIRECRACKER_VERSION } from "../version.ts";
import { logged, tellFault } from "./api-log.ts";
import { type BootBegin, logBootTime } from "./boot-timer.ts";
import type { Draft } from "./draft.ts";
import { sayGoodbye } from "./end.ts";
import { Exit, firecrackerExitCode, SIGNAL_EXITS } from "./exit-code.ts";
import { FirecrackerLog, type LogSettings } from "./log.ts";
import { liveDraft, vmConfigJson } from "./vm-config.ts";

/** What crosses the exec: pure data. */
export interface PlannedFirecracker {
  /** Undefined under --no-api. */
  readonly api: PlannedApi | undefined;
  readonly draft: Draft;
  readonly log: LogSettings;
  /** Started by a configuration file: there is nobody to answer. */
  readonly fromFile: boolean;
  /** Undefined without --boot-timer. */
  readonly bootBegin: BootBegin | undefined;
}

/** Taken as data while the machine runs. */
export const SIGNALS = [...SIGNAL_EXITS.keys(), Signal.SIGPIPE, Signal.SIGWINCH];

const MEANINGS: ReadonlyMap<number, SignalMeaning> = new Map([
  [Signal.SIGWINCH, "window"],
  [Signal.SIGPIPE, "note"],
]);

/** What the log says of a description in a file that makes no machine, before the reason. */
export const FROM_FILE_FAILED = "Building VMM configured from cmdline json failed:";

/** @param planned a `PlannedFirecracker` */
export function firecrackerFace(planned: unknown, counts: Counts): Face {
  const { api, draft, log: settings, fromFile, bootBegin } = planned as PlannedFirecracker;
  const log = new FirecrackerLog(settings, counts.log);
  // Whatever volt writes to whom nobody reads brings one: a guest's console, its connections.
  const pipes = new LineLimiter();
  return {
    threads: { main: "firecracker", vcpu: "fc_vcpu" },
    signals: SIGNALS,
    meaning: (signal) => MEANINGS.get(signal) ?? "end",
    noted: (signal) => void pipes.say(`Received signal ${signal}, code 0.`, (line) => log.write("error", line, "vmm")),
    forbiddenCallStatus: Exit.sigsys,
    ...(bootBegin ? { booted: (atNs: number) => logBootTime(log, bootBegin, atNs) } : {}),
    exitCode: (end, _, signal) => {
      if (SIGNAL_EXITS.has(signal)) log.write("error", `Shutting down VM after intercepting signal ${signal}, code 0.`);
      return firecrackerExitCode(end, signal);
    },
    ending: (status) => sayGoodbye(log, status),
    failed(problem) {
      const text = `Start microvm error: ${problem}`;
      if (fromFile) log.write("error", `${FROM_FILE_FAILED} ${text}`);
      else tellFault(log, text);
      if (api) new ApiServer(api, () => fault(text)).answerWaiting(fault(text));
      sayGoodbye(log, Exit.failure);
      exitNow(Exit.failure);
    },
    started: () => {
      if (fromFile) log.write("info", "Successfully started microvm that was configured from one single json");
      else log.write("info", "The request was executed successfully. Status code: 204 No Content.", "api");
    },
    serve: api && ((control) => serve(control, api, draft, log)),
  };
}

function serve(control: MachineControl, api: PlannedApi, draft: Draft, log: FirecrackerLog): ControlService {
  const routes = { ...runningRoutes(control, identity(control, draft, log)), ...voltRoutes(control, log.settings.id) };
  const server = new ApiServer(api, (request) => logged(log, request, (r) => answer(r, routes, control.counts)));
  return {
    fd: server.fd,
    ready: () => server.ready(),
    started: () => server.answerWaiting(NO_CONTENT),
  };
}

function identity(control: MachineControl, draft: Draft, log: FirecrackerLog): Identity {
  return {
    instance: { id: log.settings.id, vmm_version: FIRECRACKER_VERSION, app_name: "Firecracker" },
    version: { firecracker_version: FIRECRACKER_VERSION },
    vmConfig: () => vmConfigJson(liveDraft(draft, control)),
  };
}

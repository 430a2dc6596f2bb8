/** `firecracker`: stage one, until the machine is started or the process ends. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd } from "../../ffi/fd.ts";
import { abortNow, exitNow, nameThread } from "../../ffi/process.ts";
import { ignoreSignal } from "../../ffi/signal.ts";
import { listenAt } from "../../ffi/socket.ts";
import { MAX_BODY_BYTES, type PlannedApi } from "../api/planned.ts";
import { answer, Fault, fault } from "../api/router.ts";
import { ApiServer } from "../api/server.ts";
import { MOST_MMDS_BYTES } from "../config/mmds.ts";
import { VM_NAME } from "../config/vm-name.ts";
import { type Counts, newCounts } from "../observe/metrics/counts.ts";
import { Timeline } from "../observe/timeline.ts";
import { DEFAULT_ID, FIRECRACKER_VERSION } from "../version.ts";
import { beginAgain, readAgain } from "./again.ts";
import { logged, tellFault } from "./api-log.ts";
import { ArgumentsError, type FirecrackerArguments, parseArguments } from "./arguments.ts";
import { readConfigFile, readMetadataFile, takeConfigFile, takeMetadata } from "./config-file.ts";
import { type Draft, newDraft, setMetrics } from "./draft.ts";
import { end, orAbort } from "./end.ts";
import { Exit } from "./exit-code.ts";
import { FROM_FILE_FAILED } from "./face.ts";
import { HELP_TEXT, VERSION_TEXT } from "./help.ts";
import { osError } from "./host-checks.ts";
import { FirecrackerLog, levelOf } from "./log.ts";
import { draftRoutes } from "./routes.ts";
import { StartError, startDraft } from "./start.ts";
import { measureStartUp, startTimes } from "./start-times.ts";

const [STDOUT, STDERR] = [1, 2];
const DEFAULT_SOCKET = "/run/firecracker.socket";
const BACKLOG = 128;
const FOR_EVER = -1;
const TOO_MUCH = 413;
const MOST_BODY_BYTES = 999_999_999;

/**
 * SIGRTMIN with glibc, and with musl: Firecracker kicks its vCPUs by it, so it survives one from outside. What is ignored
 * stays so across the exec.
 */
const KICKS = [34, 35];

/** What volt does not have: asked for, the start is none. */
const LATER = ["enable-pci", "snapshot-version", "describe-snapshot"] as const;

/** Ends the process, or becomes the second stage. @param argv without the program's name */
export async function runFirecracker(argv: readonly string[], firstLineNs: number): Promise<never> {
  nameThread("firecracker");
  for (const signal of KICKS) ignoreSignal(signal);
  const timeline = Timeline.ofProcess(firstLineNs);
  const args = argumentsOr153(argv);
  if (args.version) return finish(VERSION_TEXT, defaultLog());
  if (args.help) return finish(HELP_TEXT, defaultLog());
  const again = readAgain();
  const counts = again?.counts ?? newCounts();
  const log = again ? new FirecrackerLog(again.log, counts.log) : startLog(args, counts);
  if (!again) announce(args, log);
  const times = startTimes(args, log);
  const description = again ? undefined : readDescription(args, log);
  const draft = again?.draft ?? firstDraft(args, log);
  if (!again) startMetrics(args, draft, log);
  const first = () => (args["no-api"] ? undefined : listen(args, log));
  const api = again?.api ?? first();
  if (!again && api) measureStartUp(times, counts);
  const timesBoot = args["boot-timer"] === true;
  const life = new Life({ draft, log, counts, timeline, allowedPaths: allowedPaths(args), timesBoot }, api);
  if (again) life.answerWaiting(again.problem);
  else if (description !== undefined) await life.startFromFile(description);
  return await life.run();
}

interface LifeParts {
  readonly draft: Draft;
  readonly log: FirecrackerLog;
  readonly counts: Counts;
  readonly timeline: Timeline;
  /** What the API may open once the machine runs. */
  readonly allowedPaths: readonly string[];
  readonly timesBoot: boolean;
}

/** The time before the start. */
class Life {
  readonly #draft: Draft;
  readonly #log: FirecrackerLog;
  readonly #counts: Counts;
  readonly #timeline: Timeline;
  readonly #allowedPaths: readonly string[];
  readonly #timesBoot: boolean;
  readonly #server: ApiServer | undefined;
  #wantsStart = false;

  constructor({ draft, log, counts, timeline, allowedPaths, timesBoot }: LifeParts, api: PlannedApi | undefined) {
    this.#draft = draft;
    this.#log = log;
    this.#counts = counts;
    this.#timeline = timeline;
    this.#allowedPaths = allowedPaths;
    this.#timesBoot = timesBoot;
    const routes = draftRoutes(draft, log, () => {
      this.#wantsStart = true;
    });
    if (!api) return;
    this.#server = new ApiServer(api, (request) =>
      logged(log, request, (r) => {
        const response = answer(r, routes, counts);
        return this.#wantsStart ? undefined : response;
      }),
    );
    log.write("info", "API server started.", "api");
  }

  answerWaiting(problem: string): void {
    this.#server?.answerWaiting(fault(problem));
  }

  /** Does not return unless by an exit. @param description the file's text */
  async startFromFile(description: string): Promise<void> {
    try {
      takeConfigFile(this.#draft, description, this.#log);
      await this.#start(true);
    } catch (error) {
      this.#log.write("error", `${FROM_FILE_FAILED} ${(error as Error).message}`);
      end(this.#log, Exit.failure);
    }
  }

  /** Signals do what they do to every program, as long as there is no machine. */
  async run(): Promise<never> {
    for (;;) {
      this.#server?.wait(FOR_EVER);
      this.#server?.ready();
      if (this.#wantsStart) await this.#startByRequest();
    }
  }

  async #startByRequest(): Promise<void> {
    this.#wantsStart = false;
    try {
      await this.#start(false);
    } catch (error) {
      const { message } = error as Error;
      // It was answered as if all were well when it was taken.
      this.#counts.api["PUT actions"]!.failures++;
      tellFault(this.#log, message);
      if (error instanceof StartError && error.hasOpened && this.#server) {
        beginAgain(this.#server, this.#draft, this.#log, this.#counts, message);
      }
      this.answerWaiting(message);
    }
  }

  async #start(fromFile: boolean): Promise<never> {
    const [draft, log, counts, timeline, server] = [this.#draft, this.#log, this.#counts, this.#timeline, this.#server];
    const [allowedPaths, timesBoot] = [this.#allowedPaths, this.#timesBoot];
    return await startDraft({ draft, log, counts, timeline, server, fromFile, allowedPaths, timesBoot });
  }
}

function argumentsOr153(argv: readonly string[]): FirecrackerArguments {
  try {
    return parseArguments(argv);
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    const log = defaultLog();
    log.write("error", `Arguments parsing error: ${error.message} For more information try --help.`);
    new Fd(STDERR, "stderr").write(Buffer.from(`Error: ParseArguments(${JSON.stringify(error.message)})\n`));
    return end(log, Exit.badArguments);
  }
}

function defaultLog(): FirecrackerLog {
  return new FirecrackerLog({ id: DEFAULT_ID }, newCounts().log);
}

function startLog(args: FirecrackerArguments, counts: Counts): FirecrackerLog {
  const id = args.id ?? DEFAULT_ID;
  const log = new FirecrackerLog({ id }, counts.log);
  if (!VM_NAME.test(id)) {
    log.write("error", `Invalid instance ID: ${id}: it has 1 to 64 letters, digits or dashes`);
    abortNow();
  }
  const level = levelOf(args.level ?? "Info");
  if (level === undefined) {
    log.write("error", `Could not initialize logger: unknown level ${args.level}`);
    return end(log, Exit.badConfiguration);
  }
  try {
    if (args["log-path"] !== undefined) log.openTarget(args["log-path"]);
  } catch (error) {
    log.write("error", `Could not initialize logger: Failed to open target file: ${osError(error)}`);
    end(log, Exit.failure);
  }
  const flags = { showLevel: args["show-level"] === true, showOrigin: args["show-log-origin"] === true };
  log.change({ level, ...flags, module: args.module });
  return log;
}

function startMetrics(args: FirecrackerArguments, draft: Draft, log: FirecrackerLog): void {
  const path = args["metrics-path"];
  if (path === undefined) return;
  try {
    setMetrics(draft, { metrics_path: path, emit_id: false }, log.settings.id);
  } catch (error) {
    log.write("error", (error as Error).message);
    end(log, Exit.failure);
  }
}

function announce(args: FirecrackerArguments, log: FirecrackerLog): void {
  log.write("info", `Running Firecracker v${FIRECRACKER_VERSION}`);
  for (const name of LATER) {
    if (args[name] === undefined) continue;
    log.write("error", `--${name}: volt does not have this yet: leave it out`);
    end(log, Exit.failure);
  }
  if (args["no-seccomp"] || args["seccomp-filter"]) log.write("info", "volt keeps its own seccomp filters.");
}

/** The flag's, and the variable's, which is for engines that give no flags of volt's: several with colons between them. */
function allowedPaths(args: FirecrackerArguments): string[] {
  const fromEnvironment = (process.env["VOLT_ALLOW_PATH"] ?? "").split(":").filter((path) => path !== "");
  const paths = [...(args["allow-path"] ?? []), ...fromEnvironment];
  return paths.map((path) => (path.startsWith("/") ? path : `${process.cwd()}/${path}`));
}

function listen(args: FirecrackerArguments, log: FirecrackerLog): PlannedApi {
  const path = args["api-sock"] ?? DEFAULT_SOCKET;
  const maxBodyBytes = bodyLimit(args, log);
  try {
    const listener = listenAt(path, BACKLOG).number;
    log.write("info", `Listening on API socket ("${path}").`, "api");
    return { listener, maxBodyBytes, connections: [] };
  } catch (error) {
    const isTaken = error instanceof SystemError && error.errno === Errno.EADDRINUSE;
    const why = isTaken ? "Check that it is not already used." : `${osError(error)}.`;
    log.write("error", `Failed to open the API socket at: ${path}. ${why}`);
    return end(log, Exit.failure);
  }
}

/** Before anything is left behind. @returns undefined where none is asked for */
function readDescription({ "config-file": path }: FirecrackerArguments, log: FirecrackerLog): string | undefined {
  if (path === undefined) return undefined;
  return orAbort(log, "Unable to open or read from the configuration file", () => readConfigFile(path));
}

/** Empty but for the metadata, which is a flag's. */
function firstDraft(args: FirecrackerArguments, log: FirecrackerLog): Draft {
  const draft = newDraft(metadataLimit(args, log));
  const { metadata } = args;
  if (metadata === undefined) return draft;
  const text = orAbort(log, "Unable to open or read from the mmds content file", () => readMetadataFile(metadata));
  orAbort(log, "Unable to take the metadata", () => takeIfItFits(draft, text, log));
  log.write("info", "Successfully added metadata to mmds from file");
  return draft;
}

/** Too much of it is no panic there, but a failure as any. @throws Fault for what is no JSON */
function takeIfItFits(draft: Draft, metadata: string, log: FirecrackerLog): void {
  try {
    takeMetadata(draft, metadata);
  } catch (error) {
    if (!(error instanceof Fault) || error.status !== TOO_MUCH) throw error;
    log.write("error", error.message);
    end(log, Exit.failure);
  }
}

/** As much as a request brings, unless it is said; no more than volt holds for a guest. */
function metadataLimit(args: FirecrackerArguments, log: FirecrackerLog): number {
  const text = args["mmds-size-limit"];
  if (text === undefined) return Math.min(bodyLimit(args, log), MOST_MMDS_BYTES);
  return byteCount("mmds-size-limit", text, MOST_MMDS_BYTES, log);
}

function bodyLimit(args: FirecrackerArguments, log: FirecrackerLog): number {
  const text = args["http-api-max-payload-size"];
  return text === undefined ? MAX_BODY_BYTES : byteCount("http-api-max-payload-size", text, MOST_BODY_BYTES, log);
}

function byteCount(flag: string, text: string, most: number, log: FirecrackerLog): number {
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  log.write("error", `--${flag}: "${text}" is no number of bytes, or more than ${most}`);
  return end(log, Exit.failure);
}

function finish(text: string, log: FirecrackerLog): never {
  new Fd(STDOUT, "stdout").write(Buffer.from(text));
  log.write("info", "Firecracker exiting successfully. exit_code=0");
  return exitNow(Exit.ok);
}

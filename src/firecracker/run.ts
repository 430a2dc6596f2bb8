/** `firecracker`: stage one, until the machine is started or the process ends. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd } from "../../ffi/fd.ts";
import { exitNow, nameThread } from "../../ffi/process.ts";
import { listenAt } from "../../ffi/socket.ts";
import { MAX_BODY_BYTES, type PlannedApi } from "../api/planned.ts";
import { answer, fault } from "../api/router.ts";
import { ApiServer } from "../api/server.ts";
import { Timeline } from "../observe/timeline.ts";
import { FIRECRACKER_VERSION } from "../version.ts";
import { beginAgain, readAgain } from "./again.ts";
import { logged } from "./api-log.ts";
import { ArgumentsError, type FirecrackerArguments, parseArguments } from "./arguments.ts";
import { readConfigFile, takeConfigFile } from "./config-file.ts";
import { type Draft, newDraft } from "./draft.ts";
import { Exit } from "./exit-code.ts";
import { sayGoodbye } from "./face.ts";
import { HELP_TEXT, VERSION_TEXT } from "./help.ts";
import { osError } from "./host-checks.ts";
import { FirecrackerLog, levelOf } from "./log.ts";
import { draftRoutes } from "./routes.ts";
import { StartError, startDraft } from "./start.ts";

const [STDOUT, STDERR] = [1, 2];
const DEFAULT_SOCKET = "/run/firecracker.socket";
const DEFAULT_ID = "anonymous-instance";
const BACKLOG = 128;
const FOR_EVER = -1;

/** What volt does not have: asked for, the start is none. */
const LATER = ["metadata", "metrics-path", "enable-pci", "snapshot-version", "describe-snapshot"] as const;

/** Ends the process, or becomes the second stage. @param argv without the program's name */
export async function runFirecracker(argv: readonly string[], firstLineNs: number): Promise<never> {
  nameThread("firecracker");
  const timeline = Timeline.ofProcess(firstLineNs);
  const args = argumentsOr153(argv);
  if (args.version) return finish(VERSION_TEXT, new FirecrackerLog({ id: DEFAULT_ID }));
  if (args.help) return finish(HELP_TEXT, new FirecrackerLog({ id: DEFAULT_ID }));
  const again = readAgain();
  const log = again ? new FirecrackerLog(again.log) : startLog(args);
  const draft = again?.draft ?? newDraft();
  if (!again) announce(args, log);
  const first = () => (args["no-api"] ? undefined : listen(args, log));
  const life = new Life(draft, log, timeline, again?.api ?? first());
  if (again) life.answerWaiting(again.problem);
  else if (args["config-file"] !== undefined) await life.startFromFile(args["config-file"]);
  return await life.run();
}

/** The time before the start. */
class Life {
  readonly #draft: Draft;
  readonly #log: FirecrackerLog;
  readonly #timeline: Timeline;
  readonly #server: ApiServer | undefined;
  #wantsStart = false;

  constructor(draft: Draft, log: FirecrackerLog, timeline: Timeline, api: PlannedApi | undefined) {
    this.#draft = draft;
    this.#log = log;
    this.#timeline = timeline;
    const routes = draftRoutes(draft, log, () => {
      this.#wantsStart = true;
    });
    if (!api) return;
    this.#server = new ApiServer(api, (request) =>
      logged(log, request, (r) => {
        const response = answer(r, routes);
        return this.#wantsStart ? undefined : response;
      }),
    );
    log.write("info", "API server started.", "fc_api");
  }

  answerWaiting(problem: string): void {
    this.#server?.answerWaiting(fault(problem));
  }

  /** Does not return unless by an exit. */
  async startFromFile(path: string): Promise<void> {
    try {
      takeConfigFile(this.#draft, readConfigFile(path), this.#log);
      await this.#start(true);
    } catch (error) {
      this.#log.write("error", `Building VMM configured from cmdline json failed: ${(error as Error).message}`);
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
      this.#log.write("error", `Received Error. Status code: 400 Bad Request. Message: ${message}`, "fc_api");
      if (error instanceof StartError && error.hasOpened && this.#server) {
        beginAgain(this.#server, this.#draft, this.#log, message);
      }
      this.answerWaiting(message);
    }
  }

  async #start(fromFile: boolean): Promise<never> {
    const [draft, log, timeline, server] = [this.#draft, this.#log, this.#timeline, this.#server];
    return await startDraft({ draft, log, timeline, server, fromFile });
  }
}

function argumentsOr153(argv: readonly string[]): FirecrackerArguments {
  try {
    return parseArguments(argv);
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    const log = new FirecrackerLog({ id: DEFAULT_ID });
    log.write("error", `Arguments parsing error: ${error.message} For more information try --help.`);
    new Fd(STDERR, "stderr").write(Buffer.from(`Error: ParseArguments(${JSON.stringify(error.message)})\n`));
    return end(log, Exit.badArguments);
  }
}

function startLog(args: FirecrackerArguments): FirecrackerLog {
  const id = args.id ?? DEFAULT_ID;
  const log = new FirecrackerLog({ id });
  if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) {
    log.write("error", `Invalid instance ID: ${id}: it has 1 to 64 letters, digits or dashes`);
    end(log, Exit.failure);
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
  log.settings = { ...log.settings, level, showLevel: args["show-level"] === true };
  return log;
}

function announce(args: FirecrackerArguments, log: FirecrackerLog): void {
  log.write("info", `Running Firecracker v${FIRECRACKER_VERSION}`);
  for (const name of LATER) {
    if (args[name] === undefined) continue;
    log.write("error", `--${name}: volt does not have this yet: leave it out`);
    end(log, Exit.failure);
  }
  if (args["no-seccomp"] || args["seccomp-filter"]) log.write("info", "volt keeps its own seccomp filters.");
  if (args["boot-timer"]) log.write("warn", "--boot-timer: the boot's times are at /volt/timeline, not in the log.");
}

function listen(args: FirecrackerArguments, log: FirecrackerLog): PlannedApi {
  const path = args["api-sock"] ?? DEFAULT_SOCKET;
  const maxBodyBytes = bodyLimit(args["http-api-max-payload-size"], log);
  try {
    const listener = listenAt(path, BACKLOG).number;
    log.write("info", `Listening on API socket ("${path}").`, "fc_api");
    return { listener, maxBodyBytes, connections: [] };
  } catch (error) {
    const isTaken = error instanceof SystemError && error.errno === Errno.EADDRINUSE;
    const why = isTaken ? "Check that it is not already used." : `${osError(error)}.`;
    log.write("error", `Failed to open the API socket at: ${path}. ${why}`);
    return end(log, Exit.failure);
  }
}

function bodyLimit(text: string | undefined, log: FirecrackerLog): number {
  if (text === undefined) return MAX_BODY_BYTES;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  log.write("error", `--http-api-max-payload-size: "${text}" is no number of bytes, or too many`);
  return end(log, Exit.failure);
}

function finish(text: string, log: FirecrackerLog): never {
  new Fd(STDOUT, "stdout").write(Buffer.from(text));
  log.write("info", "Firecracker exiting successfully. exit_code=0");
  return exitNow(Exit.ok);
}

function end(log: FirecrackerLog, status: number): never {
  sayGoodbye(log, status);
  return exitNow(status);
}

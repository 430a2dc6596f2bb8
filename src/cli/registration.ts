/** `volt run` among the VMs of this host: its name, its API's socket, its record, and where its output goes when nobody is there. */
import { SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { type ApiSocket, listenForApi } from "../api/listen.ts";
import type { PlannedOwn } from "../api/own-face.ts";
import { ConfigError } from "../config/error.ts";
import type { VmConfig } from "../config/schema.ts";
import { socketFolder } from "../host/socket-file.ts";
import { claimInstance, type Instance } from "../instances/claim.ts";
import { sweep } from "../instances/list.ts";
import { OLDER, runtimeFolder } from "../instances/paths.ts";
import type { PlannedFace } from "../machine/plan.ts";
import type { OpenPath } from "../security/open-path.ts";
import type { Waiting } from "./detach.ts";

const [STDOUT, STDERR] = [1, 2];
/** Folders of dead VMs that a start looks for: what the starts before it can have left. */
const SWEPT_A_START = 32;
/** Of a VM that has neither a name nor a folder to have one in. */
const NAMELESS = "anonymous-instance";

export interface Registration {
  /** What stays reachable in the sandbox. */
  readonly folders: readonly OpenPath[];
  /** Call it once every other descriptor that must not survive an exec is marked so. */
  face(): PlannedFace;
  /** The start has failed. */
  withdraw(): void;
}

/**
 * @param apiPath what `--api` said
 * @param waiting whoever waits until it has detached
 * @returns undefined when there is neither a runtime folder nor an API
 * @throws ConfigError
 */
export async function register(
  config: VmConfig,
  apiPath: string | undefined,
  waiting: Waiting | undefined,
): Promise<Registration | undefined> {
  const instance = await claim(config, waiting !== undefined);
  try {
    const path = apiPath ?? instance?.paths.api;
    if (path === undefined) return undefined;
    const socket = listenForApi(path);
    try {
      return registered(config, instance, socket, { path, isOwn: apiPath === undefined }, waiting);
    } catch (error) {
      socket.withdraw();
      throw error;
    }
  } catch (error) {
    instance?.release();
    throw error;
  }
}

interface Where {
  readonly path: string;
  /** It is in the VM's own folder. */
  readonly isOwn: boolean;
}

function registered(
  config: VmConfig,
  instance: Instance | undefined,
  socket: ApiSocket,
  { path, isOwn }: Where,
  waiting: Waiting | undefined,
): Registration {
  const { vcpu_count, mem_size_mib } = config["machine-config"];
  const elsewhere = isOwn ? {} : { api_identity: socket.file.identity };
  const kernel = config["boot-source"].kernel_image_path ?? "";
  const facts = { kernel, vcpu_count, mem_size_mib, detached: waiting !== undefined };
  instance?.record({ api: path.startsWith("/") ? path : `${process.cwd()}/${path}`, ...elsewhere, ...facts });
  const outputs = instance && waiting && openOutputs(instance);
  if (instance) waiting?.claimed(instance.paths);
  return {
    folders: isOwn ? [] : [socketFolder(socket.file, "the API")],
    face() {
      instance?.keep();
      for (const output of Object.values(outputs ?? {})) new Fd(output.older, "output").setInherited(true);
      const data: PlannedOwn = {
        id: instance?.id ?? config.volt.id ?? NAMELESS,
        api: socket.plan(),
        ...(isOwn ? {} : { socket: socket.keepFile() }),
        ...(waiting && outputs
          ? { detached: { ready: waiting.keep(), outputs, logFormat: config.logger.format } }
          : {}),
      };
      return { name: "volt", data };
    },
    withdraw() {
      socket.withdraw();
      // What `volt run -d` shows of the failure is in there: it takes the folder away itself.
      if (!waiting) instance?.release();
    },
  };
}

/** A VM without a folder of its own runs as well: only `volt ps` does not know it. Detached, nobody else would either. */
async function claim(config: VmConfig, isDetached: boolean): Promise<Instance | undefined> {
  const home = runtimeFolder();
  const { id } = config.volt;
  try {
    if (home === undefined)
      throw new ConfigError("", "XDG_RUNTIME_DIR", "not set: set it, or VOLT_RUNTIME_DIR, to a folder");
    const instance = claimInstance(home, id);
    sweep(home, SWEPT_A_START);
    return instance;
  } catch (error) {
    const isMissing = home === undefined || error instanceof SystemError;
    const problem = `no place among the running VMs: ${(error as Error).message}`;
    if (!isMissing) throw error;
    if (isDetached) throw new ConfigError("", "-d", `${problem}; VOLT_RUNTIME_DIR names another folder`);
    const { machineLog } = await import("../machine/log.ts");
    const log = machineLog({ fd: STDERR, level: config.logger.level, format: config.logger.format });
    if (id === undefined) log.info(problem);
    else log.warn(problem);
    return undefined;
  }
}

/** From here on stdout and stderr lead to files. */
function openOutputs({ paths }: Instance): NonNullable<PlannedOwn["detached"]>["outputs"] {
  const open = (path: string, becomes: number) => {
    using current = Fd.open(path, O.RDWR | O.CREAT | O.APPEND | O.NOFOLLOW);
    const older = Fd.open(path + OLDER, O.RDWR | O.CREAT | O.NOFOLLOW);
    current.becomes(becomes);
    return { fd: becomes, older: older.number };
  };
  return { console: open(paths.console, STDOUT), log: open(paths.log, STDERR) };
}

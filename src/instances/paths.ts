/** The runtime folder: one folder for each VM of this user on this host. */

/** What is in a VM's folder. */
export interface InstancePaths {
  readonly folder: string;
  /** Its process id. The process holds a lock on this file, and so says that it lives: until its end, whatever that is. */
  readonly pid: string;
  /** What `volt ps` shows of it: an `InstanceRecord`. */
  readonly record: string;
  /** Where it listens, unless `--api` says another place. */
  readonly api: string;
  /** Of `volt run -d`: what its console printed and what volt said; each with what came before behind it. */
  readonly console: string;
  readonly log: string;
}

/** What a full file of output goes on as: `console.log.1`. */
export const OLDER = ".1";

/** A folder's mode, this user's alone: who reaches a VM's socket controls it. */
export const PRIVATE = 0o700;

const ROOT_FOLDER = "/run/volt";

/** Undefined where there is none: for a user who is not logged in. */
export function runtimeFolder(): string | undefined {
  const { VOLT_RUNTIME_DIR: own, XDG_RUNTIME_DIR: users } = process.env;
  if (own) return own;
  if (process.getuid?.() === 0) return ROOT_FOLDER;
  return users ? `${users}/volt` : undefined;
}

export function instancePaths(home: string, id: string): InstancePaths {
  const folder = `${home}/${id}`;
  return {
    folder,
    pid: `${folder}/pid`,
    record: `${folder}/vm.json`,
    api: `${folder}/api.sock`,
    console: `${folder}/console.log`,
    log: `${folder}/volt.log`,
  };
}

/** Every file that a VM's folder can hold, the one with the lock last. */
export function filesOf({ pid, record, api, console, log }: InstancePaths): readonly string[] {
  return [api, console, console + OLDER, log, log + OLDER, record, pid];
}

/**
 * The way into the sandbox between the two stages, as one list of system calls. A program of two pages makes them, in
 * this process and without a second thread, and then executes volt again: see ffi/program/.
 */
import { CAP, effectiveCapabilities } from "../../ffi/capabilities.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { readLink } from "../../ffi/files.ts";
import type { VmConfig } from "../config/schema.ts";

import { libraryPaths } from "./libraries.ts";
import type { OpenPaths } from "./open-path.ts";
import type { Step } from "./step.ts";
import { landlockRuleset, landlockSteps, pathRules, requiredAbi } from "./steps/landlock.ts";
import { limitSteps } from "./steps/limits.ts";
import { namespaceSteps, UNSHARED } from "./steps/namespaces.ts";
import { privilegeSteps } from "./steps/privileges.ts";
import { ROOTED, rootSteps } from "./steps/root.ts";

export type SandboxConfig = VmConfig["volt"]["sandbox"];

/** What stage two has to know to tell whether it is confined: pure data, a part of the plan. */
export interface Demands {
  /** Steps without which there is no start: their place in the list, and what to say. */
  readonly required: readonly (readonly [index: number, problem: string])[];
  /** The steps that tell of namespaces and of the new root; undefined where none were asked for. */
  readonly namespaces:
    | { readonly unshared: number; readonly rooted: number; readonly mustBe: boolean; readonly ownPids: boolean }
    | undefined;
}

export interface Confinement {
  readonly steps: readonly Step[];
  readonly demands: Demands;
}

/**
 * @param open what devices have open
 * @param signals those that volt handles, all of them blocked: a parent outside of a PID namespace hands them on
 * @throws ConfigError, SystemError: what is asked for can't be had here
 */
export function confinement(config: SandboxConfig, open: OpenPaths, signals: readonly number[]): Confinement {
  const steps = [
    ...limitSteps(),
    ...ownNamespaces(config, open, signals),
    ...privilegeSteps({ uid: config.uid, gid: config.gid }, config.pid_namespace),
  ];
  if (config.landlock) steps.push(...landlock(config, open));
  const find = (mark: string) => steps.findIndex((step) => step.mark === mark);
  return {
    steps,
    demands: {
      required: steps.flatMap(({ layer, about, orElse = "stop" }, i) =>
        orElse === "stop" ? [[i, about.startsWith("--") ? about : `sandbox: ${layer}: ${about}`] as const] : [],
      ),
      namespaces:
        config.namespaces === "off"
          ? undefined
          : {
              unshared: find(UNSHARED),
              rooted: find(ROOTED),
              mustBe: config.namespaces === "require",
              ownPids: config.pid_namespace,
            },
    },
  };
}

/**
 * Looks at what can be known before anything is opened: opening may leave marks, such as a socket's file.
 * @throws ConfigError, SystemError
 */
export function checkSandbox(config: SandboxConfig): void {
  if (config.landlock) requiredAbi();
  allowedPaths(config);
}

function ownNamespaces(config: SandboxConfig, { folders }: OpenPaths, signals: readonly number[]): Step[] {
  if (config.namespaces === "off") return [];
  const contents = {
    libraries: libraryPaths(),
    paths: allowedPaths(config),
    folders: folders.map(({ fd }) => ({ fd, path: readLink(`/proc/self/fd/${fd}`) ?? "" })),
  };
  const capabilities = effectiveCapabilities();
  const uid = process.getuid!();
  const user = {
    uid,
    gid: process.getgid!(),
    isPrivileged: capabilities.has(CAP.SYS_ADMIN),
    mapsItself: uid !== 0 || capabilities.has(CAP.SETFCAP),
  };
  return namespaceSteps(user, rootSteps(contents), ROOTED, config.pid_namespace ? signals : undefined);
}

function landlock(config: SandboxConfig, { files, folders }: OpenPaths): Step[] {
  const ruleset = landlockRuleset(requiredAbi(), pathRules(allowedPaths(config), [...files, ...folders]));
  ruleset.setInherited(true);
  return landlockSteps(ruleset.number);
}

/** @throws SystemError for one that is not there */
function allowedPaths(config: SandboxConfig): { path: string; isFolder: boolean }[] {
  return config.allow_paths.map((path) => {
    using file = Fd.open(path, O.PATH);
    return { path, isFolder: file.status().kind === "directory" };
  });
}

/** The rules a VM would live under, as data to be printed. */

import { ACCESS_FS, ACCESS_NET, SCOPES } from "../../ffi/landlock.ts";
import type { VmConfig } from "../config/schema.ts";
import { cgroupLimits } from "./cgroup.ts";
import { libraryPaths } from "./libraries.ts";
import { profiles } from "./seccomp/profiles.ts";
import type { Condition, Profile, Rule } from "./seccomp/rule.ts";
import { handledBy, OWN_PROCESS, pathRules } from "./steps/landlock.ts";
import { MOST_DESCRIPTORS } from "./steps/limits.ts";
import { NAMESPACES } from "./steps/namespaces.ts";

/** One layer: what it is, and its rules, a line each. */
export interface LayerDescription {
  readonly layer: string;
  readonly rules: readonly string[];
}

/** @param landlockAbi the host's, 0 where it has none */
export function describeSandbox(config: VmConfig, devices: readonly Rule[], landlockAbi: number): LayerDescription[] {
  const { sandbox } = config.volt;
  const { common, main, vcpu } = profiles(process.pid, devices);
  return [
    {
      layer: "limits",
      rules: [
        "no core dumps, neither of the process nor of guest memory",
        `at most ${MOST_DESCRIPTORS} descriptors; nothing the caller left open`,
        ...(sandbox.cgroup ? cgroupRules(sandbox.cgroup) : []),
      ],
    },
    { layer: "namespaces", rules: namespaceRules(sandbox) },
    {
      layer: "privileges",
      rules: [
        "no capabilities, none to be had (bounding set empty, securebits locked), no_new_privs",
        `user ${sandbox.uid ?? "as started"}, group ${sandbox.gid ?? "as started"}, no further groups`,
      ],
    },
    { layer: "Landlock", rules: sandbox.landlock ? landlockRules(config, landlockAbi) : ["off (--no-landlock)"] },
    ...(sandbox.seccomp
      ? [common, main, vcpu].map((profile) => ({
          layer: `seccomp: ${profile.thread}`,
          rules: profileRules(profile, sandbox.mode),
        }))
      : [{ layer: "seccomp", rules: ["off (--no-seccomp)"] }]),
  ];
}

function cgroupRules(cgroup: NonNullable<VmConfig["volt"]["sandbox"]["cgroup"]>): string[] {
  const limits = [...cgroupLimits(cgroup, ["(each device with a disk)"])];
  return [`cgroup ${cgroup.name}`, ...limits.map(([file, values]) => `${file} ${values.join(", ")}`)];
}

function namespaceRules({ namespaces, pid_namespace, allow_paths }: VmConfig["volt"]["sandbox"]): string[] {
  if (namespaces === "off") return ["off (--no-namespaces)"];
  return [
    `${NAMESPACES.join(", ")}: its own${namespaces === "auto" ? ", where the host gives them" : ""}`,
    ...(pid_namespace ? ["PIDs: its own; the process that was started stays outside, as the parent"] : []),
    "root folder: read-only, with",
    ...["/proc (its own process only, where the host gives it)", ...libraryPaths().values(), ...allow_paths].map(
      (path) => `  ${path}`,
    ),
  ];
}

function landlockRules({ volt }: VmConfig, abi: number): string[] {
  if (abi === 0) return ["required, and not to be had on this host"];
  const { fs, net, scopes } = handledBy(abi);
  const allowed = volt.sandbox.allow_paths.map((path) => ({ path, isFolder: true }));
  const forbidden = [...ACCESS_FS.slice(0, fs), ...ACCESS_NET.slice(0, net), ...SCOPES.slice(0, scopes)];
  return [
    `ABI ${abi}; forbidden: ${forbidden.join(", ").toLowerCase()}`,
    ...[...pathRules(allowed), OWN_PROCESS].map(
      ({ path, access, why }) => `allowed: ${path}: ${access.join(", ").toLowerCase()} (${why})`,
    ),
  ];
}

function profileRules({ rules }: Profile, mode: "enforce" | "audit"): string[] {
  return [...rules.map(ruleLine), mode === "audit" ? "anything else is listed" : "anything else ends volt"];
}

function ruleLine({ calls, when, refuse, why }: Rule): string {
  const verb = refuse === undefined ? "allowed" : `fails with ${refuse}`;
  const conditions = when.length === 0 ? "" : ` where ${when.map(conditionText).join(" and ")}`;
  return `${verb}: ${calls.join(" ")}${conditions} (${why})`;
}

function conditionText({ name, means }: Condition): string {
  return `${name} is ${means}`;
}

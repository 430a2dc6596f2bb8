/**
 * A seccomp profile as an engine hands it to its runtime, made of the one that Podman and its kin ship (Debian's
 * golang-github-containers-common), and made stricter as Docker's is: a container without CAP_SYS_ADMIN makes no
 * namespaces and mounts nothing.
 */
import { readFileSync } from "node:fs";

const PROFILE = "/usr/share/containers/seccomp.json";
const ARCHITECTURE = "amd64";
const PRIVILEGED = ["unshare", "setns", "mount", "mount_setattr", "umount", "umount2", "pivot_root", "chroot"];
const EPERM = 1;

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: readonly object[] | null;
  readonly errnoRet?: number;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

interface Condition {
  readonly arches?: readonly string[];
  readonly caps?: readonly string[];
}

/** For a container without capabilities. */
export function engineProfile(): object {
  const { defaultAction, defaultErrnoRet, syscalls } = JSON.parse(readFileSync(PROFILE, "utf8"));
  const rules = (syscalls as Rule[]).filter(counts).map(({ names, action, args, errnoRet }) => ({
    names: names.filter((name) => !PRIVILEGED.includes(name)),
    action,
    ...(args && args.length > 0 ? { args } : {}),
    ...(errnoRet === undefined ? {} : { errnoRet }),
  }));
  const privileged = { names: PRIVILEGED, action: "SCMP_ACT_ERRNO", errnoRet: EPERM };
  return {
    defaultAction,
    defaultErrnoRet,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls: [...rules.filter(({ names }) => names.length > 0), privileged],
  };
}

function counts({ includes = {}, excludes = {} }: Rule): boolean {
  if (includes.caps?.length) return false;
  if (includes.arches?.length && !includes.arches.includes(ARCHITECTURE)) return false;
  return !excludes.arches?.includes(ARCHITECTURE);
}

/** Gives up every privilege, for good. */
import { lastCapability, noCapabilities, PR, ROOT_IS_NOBODY } from "../../../ffi/capabilities.ts";
import type { Mark, Step } from "../step.ts";

const SIGKILL = 9;

export interface Identity {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** @param endsWithParent whether a parent stays that this process must not outlive */
export function privilegeSteps({ uid, gid }: Identity, endsWithParent: boolean): Step[] {
  const { header, data } = noCapabilities();
  return [
    ...emptyBoundingSet(),
    // Locks: uid 0 is a user like any other, and no later exec finds otherwise. Needs a privilege that an ordinary user
    // does not have, and does not need: what it locks up, no_new_privs keeps from him too.
    prctl("securebits", [PR.SET_SECUREBITS, ROOT_IS_NOBODY], "go on"),
    prctl("ambient capabilities can't be dropped", [PR.CAP_AMBIENT, PR.CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], "go on"),
    ...become(uid, gid),
    step("capset", [header, data], "capabilities can't be dropped"),
    // Behind the last change of identity, which would take it back.
    ...(endsWithParent ? [prctl("the end of the parent can't be followed", [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])] : []),
    // From here on no setuid program gives anything, and Landlock and seccomp may be used without privileges.
    prctl("no_new_privs can't be set", [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0]),
  ];
}

/** An ordinary user is told at the first that he may not. */
function emptyBoundingSet(): Step[] {
  const end: Mark = "#bounding set";
  const last = lastCapability();
  return Array.from({ length: last + 1 }, (_, capability) => ({
    ...prctl("bounding set", [PR.CAPBSET_DROP, capability, 0, 0, 0], end),
    ...(capability === last ? { mark: end } : {}),
  }));
}

/** Groups first: without uid 0 they could not be changed any more. */
function become(uid: number | undefined, gid: number | undefined): Step[] {
  const steps: Step[] = [step("setgroups", [0, 0], "supplementary groups can't be left", "go on")];
  if (gid !== undefined) steps.push(step("setresgid", [gid, gid, gid], `--gid: this user can't become group ${gid}`));
  if (uid !== undefined) steps.push(step("setresuid", [uid, uid, uid], `--uid: this user can't become user ${uid}`));
  return steps;
}

function prctl(about: string, args: readonly number[], orElse: Step["orElse"] = "stop"): Step {
  return step("prctl", args, about, orElse);
}

function step(call: string, args: Step["arguments"], about: string, orElse: Step["orElse"] = "stop"): Step {
  return { layer: "privileges", call, arguments: args, about, orElse };
}

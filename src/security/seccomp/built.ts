/**
 * What of the filters is the same in every run, assembled when volt is built: filters.ts imports this as a macro, which Bun's
 * bundler (and its `bun test`) calls, to put what it returns in the call's place.
 */
import { assembleCalls, type CallRules } from "./assemble.ts";
import { profiles } from "./profiles.ts";

/** Stands for the process's id. Linux gives none above 2^22. */
const ANY_PID = 0x7fff_1d1d;

export interface Built {
  readonly anyPid: number;
  readonly common: CallRules[];
  readonly main: CallRules[];
  readonly vcpu: CallRules[];
}

/** The filters of a machine without devices. */
export function built(): Built {
  const { common, main, vcpu } = profiles(ANY_PID, []);
  return {
    anyPid: ANY_PID,
    common: assembleCalls(common.rules),
    main: assembleCalls(main.rules),
    vcpu: assembleCalls(vcpu.rules),
  };
}

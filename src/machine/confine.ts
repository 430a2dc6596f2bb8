/** The exec between the stages: the same process, begun again inside the sandbox, with a clean environment. */
import type { Confinement } from "../security/confinement.ts";
import { enterSandbox } from "../security/enter.ts";
import { PLAN_VARIABLE, type Plan, sealPlan } from "./plan.ts";

/** What of the caller's environment the second stage gets to see. */
const PASSED_ON = ["VOLT_DEBUG", "TZ"] as const;
/**
 * JavaScriptCore compiles what ran this often, ten times later than it would: in a start nearly everything runs a few
 * hundred times and never again, and compiling it costs 10 ms of processor time. The loops that last get there all the same.
 */
const COMPILE_LATER = {
  BUN_JSC_thresholdForJITAfterWarmUp: "5000",
  BUN_JSC_thresholdForJITSoon: "1000",
} as const;

/**
 * Does not return.
 *
 * Bun starts helper threads before any of our code runs, and what confines a thread (Landlock, capabilities, user ids)
 * does not reach its siblings. After an exec every thread descends from one that was confined. The environment is an
 * allow-list: a variable that steers Bun (BUN_OPTIONS, BUN_BE_BUN, BUN_JSC_...) is the caller's power over his own
 * first stage, and ends there.
 */
export function becomeSecondStage(plan: Plan, confinement: Confinement): never {
  const fd = sealPlan(plan);
  fd.setInherited(true);
  const environment: Record<string, string> = { [PLAN_VARIABLE]: String(fd.number), ...COMPILE_LATER };
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  // The command line stays what the user typed: that is what `ps` should show.
  return enterSandbox(confinement, [process.argv0, ...process.argv.slice(2)], environment);
}

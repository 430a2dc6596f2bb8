/** How the process ends before its machine runs, and what the log says last. */
import { abortNow, exitNow } from "../../ffi/process.ts";
import { Exit } from "./exit-code.ts";
import type { FirecrackerLog } from "./log.ts";

/** The two lines that end every log. */
export function sayGoodbye(log: FirecrackerLog, status: number): void {
  log.write("info", "Vmm is stopping.", "vmm");
  if (status === Exit.ok) log.write("info", "Firecracker exiting successfully. exit_code=0");
  else log.write("error", `Firecracker exiting with error. exit_code=${status}`);
}

export function end(log: FirecrackerLog, status: number): never {
  sayGoodbye(log, status);
  return exitNow(status);
}

/** Does what Firecracker panics for when it fails: the log has the reason, and no word of an exit code. */
export function orAbort<T>(log: FirecrackerLog, words: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    log.write("error", `${words}: ${(error as Error).message}`);
    return abortNow();
  }
}

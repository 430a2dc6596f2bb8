/** Where volt begins: the command line of stage one, or, after its exec, the machine of stage two. */
import { monotonicNs } from "../ffi/clock.ts";
import { exitNow } from "../ffi/process.ts";
import { reportFailure } from "./cli/failure.ts";
import { EXIT_VOLT_FAILED } from "./machine/exit-code.ts";
import { PLAN_VARIABLE } from "./machine/plan.ts";

/** Both stages load only what they need: the import of a stage is part of its start. */
async function main(): Promise<void> {
  const firstLineNs = monotonicNs();
  const plan = process.env[PLAN_VARIABLE];
  try {
    if (plan !== undefined) {
      const { startMachine } = await import("./machine/start.ts");
      const { faceOf } = await import("./face.ts");
      await startMachine(Number(plan), firstLineNs, faceOf);
    }
    const { runCli } = await import("./cli/cli.ts");
    await runCli(process.argv.slice(2), firstLineNs);
  } catch (error) {
    reportFailure(error);
    exitNow(EXIT_VOLT_FAILED);
  }
}

main();

/** `volt doctor`: what this host can and can't do. */
import { defineCommand } from "citty";
import { examine } from "../host/doctor.ts";
import { canRun } from "../host/finding.ts";
import { thisHost } from "../host/host.ts";
import { reportText } from "./doctor-report.ts";

export const doctorCommand = defineCommand({
  meta: { name: "doctor", description: "Tell what this host can and can't do, and how to mend it" },
  args: {
    json: { type: "boolean", default: false, description: "One JSON object instead of text" },
  },
  run({ args }) {
    const findings = examine(thisHost);
    const good = canRun(findings);
    const text = args.json
      ? JSON.stringify({ canRun: good, findings }, null, 2)
      : reportText(findings, { colour: process.stdout.isTTY === true });
    process.stdout.write(`${text}\n`);
    if (!good) process.exitCode = 1;
  },
});

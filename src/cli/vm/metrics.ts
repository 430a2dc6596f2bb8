/** `volt metrics`. */
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { print } from "../failure.ts";
import { faultOf, request } from "./client.ts";
import { findTarget, TARGET_FLAGS } from "./target.ts";

const STDOUT = 1;

export const metricsCommand = defineCommand({
  meta: { name: "metrics", description: "prints a VM's metrics, in Prometheus' text format" },
  args: TARGET_FLAGS,
  async run({ args }) {
    const target = findTarget(args, "metrics");
    const { status, text } = await request(target, "GET", "/volt/metrics");
    if (status !== 200) throw new ConfigError("", target.name, faultOf(text));
    print(STDOUT, text);
  },
});

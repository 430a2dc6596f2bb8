/** `volt events`. */
import { defineCommand } from "citty";
import { print } from "../failure.ts";
import { events } from "./client.ts";
import { findTarget, TARGET_FLAGS } from "./target.ts";

const STDOUT = 1;

export const eventsCommand = defineCommand({
  meta: { name: "events", description: "prints what happens to a VM until it ends, one JSON object a line" },
  args: TARGET_FLAGS,
  async run({ args }) {
    for await (const line of events(findTarget(args, "events"))) print(STDOUT, `${line}\n`);
  },
});

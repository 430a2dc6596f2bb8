/** `volt pause` and `volt resume`. */
import { defineCommand } from "citty";
import { ask } from "./client.ts";
import { findTarget, TARGET_FLAGS } from "./target.ts";

export const pauseCommand = change("pause", "Paused", "stops every vCPU of a VM where it is");
export const resumeCommand = change("resume", "Resumed", "lets a paused VM go on");

function change(name: string, state: string, description: string) {
  return defineCommand({
    meta: { name, description },
    args: TARGET_FLAGS,
    run: async ({ args }) => void (await ask(findTarget(args, name), "PATCH", "/vm", { state })),
  });
}

/** `volt completions`: what a shell needs to complete volt's commands and flags. */
import { defineCommand } from "citty";
import { print } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { type CommandNode, commandTree } from "./tree.ts";
import { zshCompletions } from "./zsh.ts";

const STDOUT = 1;

const SHELLS: Readonly<Record<string, (tree: CommandNode) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

function forShell(shell: string, how: string) {
  return defineCommand({
    meta: { name: shell, description: `for ${shell}: ${how}` },
    run: async ({ data }) => print(STDOUT, SHELLS[shell]!(await commandTree((data as Invocation).main))),
  });
}

export const completionsCommand = defineCommand({
  meta: { name: "completions", description: "prints a script that completes volt's commands in a shell" },
  subCommands: {
    bash: forShell("bash", "source <(volt completions bash)"),
    zsh: forShell("zsh", "source <(volt completions zsh)"),
    fish: forShell("fish", "volt completions fish | source"),
  },
});

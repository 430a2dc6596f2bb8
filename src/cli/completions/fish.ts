import { type Choice, type CommandNode, everyCommand, type FlagNode } from "./tree.ts";

/** For `volt completions fish | source`. */
export function fishCompletions(tree: CommandNode): string {
  const all = everyCommand(tree);
  return `# Completions of volt for fish: volt completions fish | source
function __volt_at
  set -l at ""
  for word in (commandline -opc)[2..-1]
    test "$word" = "--"; and return 1
    switch "$at $word"
      case ${all
        .slice(1)
        .map(({ path }) => `" ${path}"`)
        .join(" ")}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c volt -f
${all.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ path, commands, flags, word }: CommandNode): string[] {
  const here = `complete -c volt -n '__volt_at "${path === "" ? "" : ` ${path}`}"'`;
  return [
    ...commands.map((one) => `${here} -a ${one.path.split(" ").at(-1)} -d ${quoted(one.description)}`),
    ...flags.map((flag) => `${here} ${flagOf(flag)} -d ${quoted(flag.description)}`),
    ...(word && commands.length === 0 ? [`${here} ${given(word)}`] : []),
  ];
}

function flagOf({ flag, value }: FlagNode): string {
  const name = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
  return value ? `${name} -r ${given(value)}` : name;
}

function given(choice: Choice): string {
  switch (choice.kind) {
    case "words":
      return `-a ${quoted(choice.words.join(" "))}`;
    case "vm":
      return "-a '(volt ps -q 2>/dev/null)'";
    case "file":
      return "-F";
    case "other":
      return "";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

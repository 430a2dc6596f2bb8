import { type Choice, type CommandNode, everyCommand } from "./tree.ts";

/** For `source <(volt completions zsh)`, or a file `_volt` in a folder of $fpath. */
export function zshCompletions(tree: CommandNode): string {
  const all = everyCommand(tree);
  return `#compdef volt
# Completions of volt for zsh: source <(volt completions zsh)
_volt() {
  local at="" i
  local -a list
  for ((i = 2; i < CURRENT; i++)); do
    [[ $words[i] == "--" ]] && return 1
    case "$at $words[i]" in
      ${all
        .slice(1)
        .map(({ path }) => `" ${path}"`)
        .join(" | ")}) at="$at $words[i]" ;;
    esac
  done
  case "$at $words[CURRENT-1]" in
${all.flatMap(valueCases).join("\n")}
  esac
  case "$at" in
${all.map(wordCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _volt ]]; then _volt "$@"; else compdef _volt volt; fi
`;
}

function valueCases({ path, flags }: CommandNode): string[] {
  return flags.flatMap(({ flag, value }) => (value ? [`    "${at(path)} ${flag}") ${adds(value)}; return ;;`] : []));
}

function wordCase({ path, commands, flags, word }: CommandNode): string {
  const options = described(
    flags.map(({ flag, description }) => [flag, description]),
    "-o option",
  );
  const names = commands.map((command) => [command.path.split(" ").at(-1)!, command.description] as const);
  const free = names.length > 0 ? described(names, "command") : word && word.kind !== "other" ? adds(word) : options;
  return `    "${at(path)}")
      if [[ $PREFIX == -* ]]; then ${options}
      else ${free}
      fi ;;`;
}

function described(list: readonly (readonly [string, string])[], what: string): string {
  const quoted = list.map(([name, text]) => `'${name}:${text.replaceAll("'", "'\\''").replaceAll(":", "\\:")}'`);
  return `list=(${quoted.join(" ")}); _describe ${what} list`;
}

function adds(choice: Choice): string {
  switch (choice.kind) {
    case "words":
      return `compadd -- ${choice.words.join(" ")}`;
    case "vm":
      return 'compadd -- ${(f)"$($words[1] ps -q 2>/dev/null)"}';
    case "file":
      return "_files";
    case "other":
      return "_message value";
  }
}

function at(path: string): string {
  return path === "" ? "" : ` ${path}`;
}

import { type Choice, type CommandNode, everyCommand } from "./tree.ts";

/** For `source <(volt completions bash)`. */
export function bashCompletions(tree: CommandNode): string {
  const all = everyCommand(tree);
  return `# Completions of volt for bash: source <(volt completions bash)
_volt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at="" i
  # bash takes --flag=value as three words.
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == "--" ]] && return
    case "$at \${COMP_WORDS[i]}" in
      ${all
        .slice(1)
        .map(({ path }) => `" ${path}"`)
        .join(" | ")}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $prev" in
${all.flatMap(valueCases).join("\n")}
  esac
  case "$at" in
${all.map(wordCase).join("\n")}
  esac
}
complete -F _volt volt
`;
}

function valueCases({ path, flags }: CommandNode): string[] {
  return flags.flatMap(({ flag, value }) => (value ? [`    "${at(path)} ${flag}") ${replies(value)}; return ;;`] : []));
}

function wordCase({ path, commands, flags, word }: CommandNode): string {
  const flagWords = words(flags.map(({ flag }) => flag));
  const names = commands.map((command) => command.path.split(" ").at(-1)!);
  const free = names.length > 0 ? words(names) : word && word.kind !== "other" ? replies(word) : flagWords;
  return `    "${at(path)}") if [[ $cur == -* ]]; then ${flagWords}; else ${free}; fi ;;`;
}

function replies(choice: Choice): string {
  switch (choice.kind) {
    case "words":
      return words(choice.words);
    case "vm":
      return reply('-W "$("${COMP_WORDS[0]}" ps -q 2>/dev/null)"');
    case "file":
      return `compopt -o filenames 2>/dev/null; ${reply("-f")}`;
    case "other":
      return "COMPREPLY=()";
  }
}

function words(list: readonly string[]): string {
  return reply(`-W "${list.join(" ")}"`);
}

/** A line a word: a file's name may hold blanks. */
function reply(what: string): string {
  return `mapfile -t COMPREPLY < <(compgen ${what} -- "$cur")`;
}

function at(path: string): string {
  return path === "" ? "" : ` ${path}`;
}

/**
 * Reads a kernel's Kconfig files, to tell why an option did not become what it was asked to be. Only what that takes:
 * each option's dependencies, with those of the menus and `if`s around it (Documentation/kbuild/kconfig-language.rst).
 */

export interface KconfigOption {
  /** One for each place that defines it; the option can be on where one of them holds. */
  readonly dependencies: readonly string[][];
  /** Whether a person can set it; others are only selected. */
  readonly hasPrompt: boolean;
}

export type KconfigTree = ReadonlyMap<string, KconfigOption>;

interface Definition {
  readonly name: string | undefined;
  readonly conditions: string[];
  hasPrompt: boolean;
}

/** @param read the text of a file of the source tree, undefined where there is none; @param srcarch "x86" */
export function readKconfig(read: (path: string) => string | undefined, srcarch: string): KconfigTree {
  const found = new Map<string, { dependencies: string[][]; hasPrompt: boolean }>();
  const seen = new Set<string>();
  const around: string[][] = [];

  const finish = (definition: Definition | undefined): void => {
    if (definition?.name === undefined) return;
    const option = found.get(definition.name) ?? { dependencies: [], hasPrompt: false };
    option.dependencies.push([...around.flat(), ...definition.conditions]);
    option.hasPrompt ||= definition.hasPrompt;
    found.set(definition.name, option);
  };

  const readFile = (path: string): void => {
    if (seen.has(path)) return; // a circle, or a file that two places use
    seen.add(path);
    let current: Definition | undefined;
    let menu: Definition | undefined;
    let helpIndent = -1;
    for (const line of logicalLines(read(path) ?? "")) {
      const indent = /^\s*/.exec(line)![0].replaceAll("\t", "        ").length;
      if (line.trim() === "") continue;
      if (helpIndent >= 0 && indent > helpIndent) continue;
      helpIndent = -1;
      const text = line.replace(/\s#.*$/, "").trim();
      if (text.startsWith("#")) continue;
      const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
      if (STARTS.has(word)) {
        finish(current);
        current = undefined;
        if (menu) around.push(menu.conditions);
        menu = undefined;
      }
      switch (word) {
        case "config":
        case "menuconfig":
          current = { name: rest, conditions: [], hasPrompt: false };
          break;
        case "menu":
        case "choice":
          // Its own dependencies follow, and hold for all inside.
          menu = { name: undefined, conditions: [], hasPrompt: false };
          break;
        case "if":
          around.push([rest]);
          break;
        case "endif":
        case "endmenu":
        case "endchoice":
          around.pop();
          break;
        case "source":
          readFile(rest.replaceAll('"', "").replaceAll("$(SRCARCH)", srcarch));
          break;
        case "depends":
          (current ?? menu)?.conditions.push(rest.replace(/^on\s+/, ""));
          break;
        case "visible":
          menu?.conditions.push(rest.replace(/^if\s+/, ""));
          break;
        case "help":
        case "---help---":
          helpIndent = indent;
          break;
        case "bool":
        case "tristate":
        case "string":
        case "int":
        case "hex":
        case "prompt":
          if (!current || rest === "" || !/^["']/.test(rest)) break;
          current.hasPrompt = true;
          // A prompt nobody sees can't be answered.
          current.conditions.push(...(/["']\s+if\s+(.+)$/.exec(rest)?.slice(1) ?? []));
          break;
      }
    }
    finish(current);
  };

  readFile("Kconfig");
  return found;
}

/** Words that end the definition before them. */
const STARTS = new Set([
  ...["config", "menuconfig", "menu", "endmenu", "choice", "endchoice", "if", "endif", "source", "comment", "mainmenu"],
]);

/** Lines with those that a backslash continues. */
function logicalLines(text: string): string[] {
  return text.replaceAll(/\\\n\s*/g, " ").split("\n");
}

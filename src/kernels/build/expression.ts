/** Kconfig's expressions: `A && (B || !C)`, `X = y`, with the values n, m and y (kconfig-language.rst, "Menu dependencies"). */
import type { KernelConfig } from "../config-file.ts";

const VALUES: Readonly<Record<string, number>> = { n: 0, m: 1, y: 2 };

/**
 * The parts of a dependency that keep an option down at what it became: `A && B` gives those of both, anything else
 * itself. An expression that can't be read holds: it is not blamed.
 * @param got "m" for an option that was to be y: a part that is m itself lowers it, too
 */
export function unmetParts(expression: string, config: KernelConfig, got = "n"): string[] {
  const most = got === "m" ? 1 : 0;
  return conjuncts(expression).filter((part) => evaluate(part, config) <= most);
}

/** 0, 1 or 2 for n, m or y. */
export function evaluate(expression: string, config: KernelConfig): number {
  const tokens = expression.match(/\$\([^)]*\)|&&|\|\||!=|<=|>=|[()!=<>]|"[^"]*"|'[^']*'|[\w-]+/g) ?? [];
  let at = 0;
  const or = (): number => {
    let value = and();
    while (tokens[at] === "||") {
      at++;
      value = Math.max(value, and());
    }
    return value;
  };
  const and = (): number => {
    let value = term();
    while (tokens[at] === "&&") {
      at++;
      value = Math.min(value, term());
    }
    return value;
  };
  const term = (): number => {
    const token = tokens[at++] ?? "";
    if (token === "!") return 2 - term();
    if (token === "(") {
      const value = or();
      at++;
      return value;
    }
    const operator = tokens[at];
    if (operator !== undefined && /^(!?=|[<>]=?)$/.test(operator)) {
      at++;
      return compare(text(token, config), operator, text(tokens[at++] ?? "", config)) ? 2 : 0;
    }
    // $(cc-option,...) is the compiler's answer, which only make knows.
    return token.startsWith("$(") ? 2 : (VALUES[text(token, config)] ?? 2);
  };
  return or();
}

function text(token: string, config: KernelConfig): string {
  if (/^["']/.test(token)) return token.slice(1, -1);
  if (/^([ymn]|-?\d+|0x[0-9a-f]+)$/i.test(token)) return token;
  return config.get(token)?.replaceAll('"', "") ?? "n";
}

function compare(left: string, operator: string, right: string): boolean {
  if (operator === "=") return left === right;
  if (operator === "!=") return left !== right;
  const difference = (VALUES[left] ?? Number(left)) - (VALUES[right] ?? Number(right));
  if (operator === "<") return difference < 0;
  if (operator === ">") return difference > 0;
  return operator === "<=" ? difference <= 0 : difference >= 0;
}

/** Splits at `&&` outside of parentheses. */
function conjuncts(expression: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < expression.length; i++) {
    if (expression[i] === "(") depth++;
    else if (expression[i] === ")") depth--;
    else if (depth === 0 && expression.startsWith("||", i)) return [expression.trim()];
    else if (depth === 0 && expression.startsWith("&&", i)) {
      parts.push(expression.slice(start, i).trim());
      start = i + 2;
    }
  }
  return [...parts, expression.slice(start).trim()];
}

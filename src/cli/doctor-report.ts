/** Findings as text for people: one aligned line each, the mend below it. */
import { canRun, type Finding } from "../host/finding.ts";

const SGR: Readonly<Record<Finding["status"] | "quiet", string>> = {
  ok: "32",
  info: "36",
  warn: "33",
  fail: "31",
  quiet: "2",
};

/** @param options.colour whether a terminal reads it */
export function reportText(findings: readonly Finding[], { colour }: { readonly colour: boolean }): string {
  const paint = (text: string, as: keyof typeof SGR): string => (colour ? `\x1b[${SGR[as]}m${text}\x1b[0m` : text);
  const name = Math.max(...findings.map((finding) => finding.name.length));
  const indent = " ".repeat("warn".length + name + 4);
  const lines = findings.flatMap((finding) => [
    `${paint(finding.status.padEnd(4), finding.status)}  ${finding.name.padEnd(name)}  ${finding.found}  ${paint(`(${finding.purpose})`, "quiet")}`,
    ...(finding.mend === "" ? [] : [`${indent}mend: ${finding.mend}`]),
  ]);
  return [...lines, "", verdict(findings)].join("\n");
}

function verdict(findings: readonly Finding[]): string {
  const failed = findings.filter(({ status }) => status === "fail").map((finding) => finding.name);
  if (!canRun(findings)) return `No VM can run here as it is: mend ${failed.join(", ")}.`;
  const warned = findings.filter(({ status }) => status === "warn").map((finding) => finding.name);
  return `A VM can run here.${warned.length > 0 ? ` Not as it should be: ${warned.join(", ")}.` : ""}`;
}

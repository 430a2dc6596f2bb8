/** How results are shown: as JSON, or as text for people. */
import { printable } from "../config/printable.ts";
import { print } from "./failure.ts";

const STDOUT = 1;

export const JSON_FLAG = { json: { type: "boolean", description: "one JSON value instead of text" } } as const;

/** Prints a result: as JSON when that was asked for, or else as text. */
export function show(json: boolean | undefined, value: unknown, text: string): void {
  print(STDOUT, json ? `${JSON.stringify(value, null, 2)}\n` : text === "" ? "" : `${text}\n`);
}

/** Rows as aligned columns, two blanks apart. Cells come from anywhere, and none of them reprograms the terminal. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Bytes as people read them: 18.5 MiB. */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  return size < 2 ** 20 ? `${(size / 1024).toFixed(1)} KiB` : `${(size / 2 ** 20).toFixed(1)} MiB`;
}

/** How long ago a moment was: 3 days. @param iso as Date writes it */
export function age(iso: string, now = Date.now()): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(iso)) / 60_000));
  const [count, unit] =
    minutes < 60
      ? [minutes, "minute"]
      : minutes < 1440
        ? [Math.floor(minutes / 60), "hour"]
        : [Math.floor(minutes / 1440), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/**
 * Lines up rows of cells, indented by two.
 * @param right the columns whose cells end, and do not begin, at the same place
 */
export function columns(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) => Math.max(...rows.map((row) => Bun.stringWidth(row[i] ?? ""))));
  const cell = (text: string, i: number): string => {
    const room = " ".repeat(widths[i]! - Bun.stringWidth(text));
    return right.includes(i) ? room + text : text + room;
  };
  return rows.map((row) => `  ${row.map(cell).join("  ")}`.trimEnd()).join("\n");
}

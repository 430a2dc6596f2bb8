/** `volt kernel gc`. */
import { defineCommand } from "citty";
import { collectGarbage } from "../../kernels/gc.ts";
import { bytes, JSON_FLAG, show, table, thisStore } from "./command.ts";

export const gcCommand = defineCommand({
  meta: { name: "gc", description: "removes kernels without a name, and what killed or broken-off commands left" },
  args: { "dry-run": { type: "boolean", description: "only says what would go" }, ...JSON_FLAG },
  run({ args }) {
    const dryRun = args["dry-run"] === true;
    const found = collectGarbage(thisStore(), dryRun);
    const total = found.reduce((sum, { size }) => sum + size, 0);
    const rows = found.map(({ what, path, size }) => [what, bytes(size), path]);
    const verdict = dryRun ? `${bytes(total)} would go` : `${bytes(total)} removed`;
    show(
      args.json,
      { dryRun, found, bytes: total },
      rows.length === 0 ? "nothing to remove" : `${table(rows)}\n${verdict}`,
    );
  },
});

/** What the log says of a request that is refused, however late that is known. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fault } from "../../../src/api/router.ts";
import { logged, tellFault } from "../../../src/firecracker/api-log.ts";
import { FirecrackerLog } from "../../../src/firecracker/log.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";

test("a fault is told in the same words at once and later", () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-fclog-"));
  try {
    const log = new FirecrackerLog({ id: "one" }, newCounts().log);
    log.openTarget(join(folder, "log"));
    logged(log, { method: "PUT", path: "/actions", body: undefined }, () => fault('no "kernel"'));
    tellFault(log, 'no "kernel"');
    const lines = readFileSync(join(folder, "log"), "utf8").split("\n").slice(1, -1);
    const words = lines.map((line) => line.slice(line.indexOf("] ") + 2));
    expect(words).toEqual([
      'Received Error. Status code: 400 Bad Request. Message: no "kernel"',
      'Received Error. Status code: 400 Bad Request. Message: no "kernel"',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

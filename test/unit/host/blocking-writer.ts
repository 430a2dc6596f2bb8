/** Writes lines to a stdout that may block, and says on stderr how many were taken. */
import { Fd } from "../../../ffi/fd.ts";
import { LineTarget } from "../../../src/host/line-target.ts";

const stdout = new Fd(1, "stdout");
stdout.setNonBlocking(false);
const target = new LineTarget(stdout);
const lengths = [100, 5000, 4096, 30_000, 9000];
let [taken, lost] = [0, 0];
for (let i = 0; i < 200; i++) {
  const text = `${"x".repeat(lengths[i % lengths.length]! - 1)}\n`;
  if (target.write(text)) taken++;
  else lost++;
}
process.stderr.write(JSON.stringify({ taken, lost }));

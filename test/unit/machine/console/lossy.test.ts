import { expect, test } from "bun:test";
import { Errno } from "../../../../ffi/error.ts";
import type { TokenBucketConfig } from "../../../../src/config/devices.ts";
import { LossyStream } from "../../../../src/machine/console/lossy.ts";
import { type Answer, FakeStdout } from "./fake-stream.ts";

const MS = 1e6;

function lossy(options: { loses?: boolean; limit?: TokenBucketConfig }, ...script: Answer[]) {
  const stdout = new FakeStdout(...script);
  const lost = { limited: 0, missed: 0 };
  let now = 0;
  const stream = new LossyStream(stdout, options, lost, () => now);
  return {
    ...{ stdout, lost, write: (length: number) => stream.write(new Uint8Array(length)) },
    /** Until all of them are done with. */
    writeAll(length: number) {
      for (let rest = length; rest > 0; ) rest -= this.write(rest);
    },
    pass(ms: number) {
      now += ms * MS;
    },
  };
}

test("what a full FIFO does not take is lost and counted, and it is asked again the next time", () => {
  const { stdout, lost, write } = lossy({ loses: true }, 3, "EAGAIN");
  expect([write(5), write(2), write(7)]).toEqual([3, 2, 7]);
  expect({ went: stdout.taken.length, lost }).toEqual({ went: 10, lost: { limited: 0, missed: 2 } });
});

test("a reader that has gone for good is told of, as ever", () => {
  const { lost, write } = lossy({ loses: true }, "EPIPE");
  expect([write(5), lost.missed]).toEqual([-Errno.EPIPE, 0]);
});

test("no more goes than the limit allows over time, and the rest is lost", () => {
  const out = lossy({ limit: { size: 640, one_time_burst: 128, refill_time: 100 } });
  out.writeAll(2000);
  expect({ went: out.stdout.taken.length, lost: out.lost.limited }).toEqual({ went: 768, lost: 1232 });
  out.pass(50);
  out.writeAll(2000);
  expect(out.stdout.taken.length).toBe(768 + 320);
  out.pass(1000);
  out.writeAll(100_000);
  expect(out.stdout.taken.length).toBe(768 + 320 + 640);
  expect(out.lost.limited + out.stdout.taken.length).toBe(2000 + 2000 + 100_000);
});

test("with a limit alone a reader that is slow is waited for, and pays for nothing that he did not take", () => {
  const out = lossy({ limit: { size: 64, one_time_burst: 0, refill_time: 100 } }, "EAGAIN", "EAGAIN");
  expect([out.write(64), out.write(64), out.write(64), out.write(64)]).toEqual([-Errno.EAGAIN, -Errno.EAGAIN, 64, 64]);
  expect({ went: out.stdout.taken.length, lost: out.lost }).toEqual({ went: 64, lost: { limited: 64, missed: 0 } });
});

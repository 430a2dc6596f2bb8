import { expect, test } from "bun:test";
import { put } from "../../../../ffi/abi.ts";
import { RUN } from "../../../../ffi/kvm/layouts.ts";
import { KvmRun } from "../../../../ffi/kvm/run.ts";

const F = RUN.fields;

/** A kvm_run with these fields, the rest zero. */
function runWith(values: Partial<Record<keyof typeof F, number | bigint | Uint8Array>>): KvmRun {
  const memory = new ArrayBuffer(4096);
  for (const [name, value] of Object.entries(values)) put(new Uint8Array(memory), F[name as keyof typeof F], value);
  return new KvmRun(memory);
}

test("a port access is read field by field", () => {
  const run = runWith({
    exit_reason: 2,
    "io.direction": 1,
    "io.size": 4,
    "io.port": 0xffff,
    "io.count": 0x8000_0001,
    "io.data_offset": 0x1000,
  });
  expect(run).toMatchObject({
    exitReason: 2,
    ioIsOut: true,
    ioSize: 4,
    ioPort: 0xffff,
    ioCount: 0x8000_0001,
    ioDataOffset: 0x1000,
  });
});

test("an MMIO access is too, its address whole above 4 GiB", () => {
  const data = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  const run = runWith({ "mmio.phys_addr": 0x12_c000_1050n, "mmio.data": data, "mmio.len": 8, "mmio.is_write": 1 });
  expect(run).toMatchObject({ mmioAddress: 0x12_c000_1050, mmioLength: 8, mmioIsWrite: true });
  expect(run.bytes.subarray(run.mmioDataOffset, run.mmioDataOffset + 8)).toEqual(data);
});

test("a system event, an internal error and a failed entry tell their codes", () => {
  expect(runWith({ "system_event.type": 3 }).systemEvent).toBe(3);
  expect(runWith({ "internal.suberror": 4 }).internalError).toBe(4);
  expect(runWith({ "fail_entry.hardware_entry_failure_reason": 0x8000_0021n }).entryFailure).toBe(0x8000_0021);
});

test("an immediate exit is one byte, set and cleared", () => {
  const run = runWith({});
  run.immediateExit = true;
  expect([...run.bytes.subarray(0, 3)]).toEqual([0, 1, 0]);
  run.immediateExit = false;
  expect(run.bytes.every((byte) => byte === 0)).toBe(true);
});

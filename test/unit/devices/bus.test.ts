import { describe, expect, test } from "bun:test";
import { type Field, put } from "../../../ffi/abi.ts";
import { RUN } from "../../../ffi/kvm/layouts.ts";
import { KvmRun } from "../../../ffi/kvm/run.ts";
import { MmioBus, PortBus } from "../../../src/devices/bus.ts";
import type { MmioDevice, PortDevice } from "../../../src/devices/device.ts";

/** Where the kernel puts the data of port I/O: the page after kvm_run. */
const DATA = 4096;
const F: Readonly<Record<string, Field>> = RUN.fields;

function runWith(values: Readonly<Record<string, number | Uint8Array>>): KvmRun {
  const run = new KvmRun(new ArrayBuffer(2 * 4096));
  for (const [name, value] of Object.entries(values)) put(run.bytes, F[name]!, value);
  return run;
}

const io = (isOut: boolean, port: number, size: number, count = 1) =>
  runWith({
    "io.direction": isOut ? 1 : 0,
    "io.port": port,
    "io.size": size,
    "io.count": count,
    "io.data_offset": DATA,
  });

const mmio = (isWrite: boolean, address: number, length: number, data = new Uint8Array(8)) =>
  runWith({ "mmio.is_write": isWrite ? 1 : 0, "mmio.phys_addr": address, "mmio.len": length, "mmio.data": data });

/** Remembers its accesses; reads count up from 0x11223344. */
class RecordingPorts implements PortDevice {
  readonly accesses: number[][] = [];
  #next = 0x1122_3344;

  read(offset: number, size: number): number {
    this.accesses.push([offset, size]);
    return this.#next++;
  }
  write(offset: number, size: number, value: number): void {
    this.accesses.push([offset, size, value]);
  }
}

class RecordingWindow implements MmioDevice {
  readonly accesses: number[][] = [];

  read(offset: number, data: Uint8Array, at: number, length: number): void {
    this.accesses.push([offset, length]);
    for (let i = 0; i < length; i++) data[at + i] = i + 1;
  }
  write(offset: number, data: Uint8Array, at: number, length: number): void {
    this.accesses.push([offset, length, ...data.subarray(at, at + length)]);
  }
}

const portsWith = (firstPort: number, count: number) => {
  const bus = new PortBus();
  const device = new RecordingPorts();
  bus.attach(firstPort, count, device);
  return { bus, device };
};

describe("the port bus", () => {
  test("writes of 1, 2 and 4 bytes reach the device as unsigned little-endian numbers", () => {
    const { bus, device } = portsWith(0x3f8, 8);
    for (const size of [1, 2, 4]) {
      const run = io(true, 0x3f9, size);
      run.bytes.set([0x81, 0x92, 0xa3, 0xf4], DATA);
      bus.serve(run);
    }
    expect(device.accesses).toEqual([
      [1, 1, 0x81],
      [1, 2, 0x9281],
      [1, 4, 0xf4a3_9281],
    ]);
  });

  test("reads of 1, 2 and 4 bytes fill just those bytes", () => {
    for (const [size, bytes] of [
      [1, [0x44, 0, 0, 0, 0]],
      [2, [0x44, 0x33, 0, 0, 0]],
      [4, [0x44, 0x33, 0x22, 0x11, 0]],
    ] as const) {
      const { bus, device } = portsWith(0x10, 4);
      const run = io(false, 0x13, size);
      bus.serve(run);
      expect([...run.bytes.subarray(DATA, DATA + 5)]).toEqual([...bytes]);
      expect(device.accesses).toEqual([[3, size]]);
    }
  });

  test("rep outs is one write an element, in order", () => {
    const { bus, device } = portsWith(0x20, 1);
    const run = io(true, 0x20, 2, 3);
    run.bytes.set([1, 0, 2, 0, 3, 0], DATA);
    bus.serve(run);
    expect(device.accesses).toEqual([
      [0, 2, 1],
      [0, 2, 2],
      [0, 2, 3],
    ]);
  });

  test("rep ins is one read an element, in order", () => {
    const { bus } = portsWith(0x20, 1);
    const run = io(false, 0x20, 1, 4);
    bus.serve(run);
    expect([...run.bytes.subarray(DATA, DATA + 5)]).toEqual([0x44, 0x45, 0x46, 0x47, 0]);
  });

  test("a port nobody claims reads as all ones, also by rep ins, and swallows writes", () => {
    const { bus, device } = portsWith(0x100, 1);
    for (const port of [0, 0xff, 0x101, 0xffff]) {
      const run = io(false, port, 4, 2);
      bus.serve(run);
      expect([...run.bytes.subarray(DATA, DATA + 9)]).toEqual([...new Uint8Array(8).fill(0xff), 0]);
      bus.serve(io(true, port, 4, 2));
    }
    expect(device.accesses).toEqual([]);
  });

  test("an access that starts in a device and ends past it is the device's", () => {
    const { bus, device } = portsWith(0x501, 1);
    bus.serve(io(true, 0x501, 4));
    expect(device.accesses).toEqual([[0, 4, 0]]);
  });

  test("a port claimed twice is a mistake in the layout", () => {
    const { bus } = portsWith(0x60, 2);
    expect(() => bus.attach(0x5f, 2, new RecordingPorts())).toThrow("port 0x60 is claimed twice");
  });
});

describe("the MMIO bus", () => {
  const BASE = 0xc000_0000;
  const busWith = (address: number) => {
    const bus = new MmioBus(BASE, 4);
    const device = new RecordingWindow();
    bus.attach(address, device);
    return { bus, device };
  };

  test("accesses of 1 to 8 bytes reach the device with their offset", () => {
    const { bus, device } = busWith(BASE + 0x1000);
    for (let length = 1; length <= 8; length++) {
      bus.serve(mmio(true, BASE + 0x1010, length, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
      const read = mmio(false, BASE + 0x1010, length);
      bus.serve(read);
      const { mmioDataOffset: at } = read;
      expect([...read.bytes.subarray(at, at + 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => (n > length ? 0 : n)));
    }
    expect(device.accesses.length).toBe(16);
    expect(device.accesses.at(-2)).toEqual([0x10, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("the last bytes of a window are its device's", () => {
    const { bus, device } = busWith(BASE);
    bus.serve(mmio(true, BASE + 0xff8, 8));
    expect(device.accesses[0]?.slice(0, 2)).toEqual([0xff8, 8]);
  });

  test("an access across a window's edge belongs to nobody, also where the next window has a device", () => {
    const bus = new MmioBus(BASE, 2);
    const devices = [new RecordingWindow(), new RecordingWindow()];
    devices.forEach((device, i) => {
      bus.attach(BASE + i * 0x1000, device);
    });
    const run = mmio(false, BASE + 0xffe, 4);
    bus.serve(run);
    bus.serve(mmio(true, BASE + 0xffe, 4));
    expect([...run.bytes.subarray(run.mmioDataOffset, run.mmioDataOffset + 5)]).toEqual([255, 255, 255, 255, 0]);
    expect(devices.flatMap(({ accesses }) => accesses)).toEqual([]);
  });

  test("addresses below, above, between and far from the windows read as all ones and swallow writes", () => {
    const { bus, device } = busWith(BASE + 0x1000);
    for (const address of [0, BASE - 1, BASE, BASE + 0x2000, BASE + 0x4000, 2 ** 40, 2 ** 52]) {
      const run = mmio(false, address, 8);
      bus.serve(run);
      expect(run.bytes.subarray(run.mmioDataOffset, run.mmioDataOffset + 8)).toEqual(new Uint8Array(8).fill(0xff));
      bus.serve(mmio(true, address, 8));
    }
    expect(device.accesses).toEqual([]);
  });

  test("a window is on the grid, inside, and its device's alone", () => {
    const { bus } = busWith(BASE);
    for (const address of [BASE, BASE + 0x800, BASE - 0x1000, BASE + 0x4000]) {
      expect(() => bus.attach(address, new RecordingWindow())).toThrow("is not a free device window");
    }
  });
});

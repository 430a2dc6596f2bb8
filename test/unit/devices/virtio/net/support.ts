/** A guest with a network device whose TAP is the test, and a neighbour that must never notice. */
import { expect } from "bun:test";
import { isReady, POLL } from "../../../../../ffi/poll.ts";
import type { Tap } from "../../../../../ffi/tap.ts";
import type { NetworkInterfaceConfig } from "../../../../../src/config/devices.ts";
import { type NetBackEnd, NetDevice } from "../../../../../src/devices/virtio/net/device.ts";
import { TapPair } from "../../../../../src/devices/virtio/net/tap-pair.ts";
import { Status } from "../../../../../src/devices/virtio/transport/registers.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { FakeTap } from "../../../../support/fake-tap.ts";
import { FakeDriver, type StartOptions } from "../../../../support/virtio/driver.ts";
import type { DriverQueue } from "../../../../support/virtio/driver-queue.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { Neighbour, RUNNING } from "../support.ts";

const RAM = 8 * MIB;
/** Free for a test's buffers, 1 MiB each. */
export const RX_BUFFER = 0x20_0000;
export const TX_BUFFER = 0x40_0000;
const NEIGHBOUR_RINGS = 0x60_0000;
const NEIGHBOUR_BUFFER = 0x70_0000;
/** More than any test needs: beyond, something goes round in circles. */
const MOST_TURNS = 2000;

export const HEADER = 12;
export const CONFIG: NetworkInterfaceConfig = {
  iface_id: "net0",
  host_dev_name: "tap0",
  guest_mac: "06:00:ac:10:00:02",
  vhost: false,
  queue_pairs: 1,
};

export interface NetGuestOptions<T extends Tap> {
  readonly config?: Partial<NetworkInterfaceConfig>;
  readonly taps?: readonly T[];
  readonly clocks?: NetBackEnd["clocks"];
  readonly mmds?: NetBackEnd["mmds"];
}

export class NetGuest<T extends Tap = FakeTap> implements Disposable {
  readonly memory = GuestMemory.create(RAM);
  readonly taps: readonly T[];
  readonly device: NetDevice;
  readonly rig: VirtioRig<NetDevice>;
  readonly driver: FakeDriver;
  readonly #neighbour = new Neighbour(this.memory, NEIGHBOUR_RINGS, NEIGHBOUR_BUFFER);

  constructor({ config = {}, taps, clocks, mmds }: NetGuestOptions<T> = {}) {
    const { queue_pairs = 1 } = config;
    this.taps = taps ?? (Array.from({ length: queue_pairs }, () => FakeTap.create()) as Tap[] as T[]);
    this.device = new NetDevice(
      { ...CONFIG, ...config },
      {
        taps: this.taps,
        createPair: (pair, services) => new TapPair(this.taps[pair]!.fd, services),
        inKernel: false,
        ...(clocks ? { clocks } : {}),
        ...(mmds ? { mmds } : {}),
      },
    );
    this.rig = new VirtioRig(this.device, this.memory);
    this.driver = new FakeDriver(this.rig);
  }

  static started(options: NetGuestOptions<FakeTap> = {}, start?: StartOptions): NetGuest {
    const guest = new NetGuest(options);
    guest.start(start);
    return guest;
  }

  start(options?: StartOptions): void {
    this.driver.start(options);
    this.turn();
  }

  get tap(): T {
    return this.taps[0]!;
  }
  get rx(): DriverQueue {
    return this.driver.queues[0]!;
  }
  get tx(): DriverQueue {
    return this.driver.queues[1]!;
  }

  /** The I/O thread, until nothing is left to do. @returns how many rounds that took */
  turn(): number {
    for (let rounds = 0; rounds < MOST_TURNS; rounds++) {
      let served = this.rig.turn() > 0;
      for (const { fd, ready } of this.device.sources) {
        if (fd < 0 || !isReady(fd, POLL.IN)) continue;
        this.rig.backend.run(ready);
        served = true;
      }
      if (!served) return rounds;
    }
    throw new Error(`still something to do after ${MOST_TURNS} turns`);
  }

  /** Gives the device `count` receive buffers of `length` bytes, one after the other from RX_BUFFER on. */
  giveBuffers(count: number, length = 2048, kick = true): void {
    for (let i = 0; i < count; i++) this.rx.add({ address: RX_BUFFER + i * length, length, writable: true });
    if (kick) this.rx.kick();
    this.turn();
  }

  /** Puts a frame where transmit buffers are, and sends it. */
  transmit(frame: Uint8Array, at = TX_BUFFER): void {
    this.memory.write(at, frame);
    this.tx.add({ address: at, length: frame.length });
    this.tx.kick();
    this.turn();
  }

  bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.view(address, length)!);
  }

  /** A frame goes each way, and nothing needs a reset. */
  expectWorking(): void {
    expect(this.driver.status).toBe(RUNNING);
    const tap = this.tap as Tap as FakeTap;
    tap.receiveAll();
    this.rx.takeUsed();
    this.tx.takeUsed();
    const sent = frame(100, 7);
    this.transmit(sent);
    expect(tap.receiveAll()).toEqual([sent]);
    expect(this.tx.takeUsed()).toHaveLength(1);
    this.giveBuffers(1);
    tap.send(frame(200, 8));
    this.turn();
    expect(this.rx.takeUsed().map(({ length }) => length)).toContain(200);
  }

  expectNeedsReset(): void {
    expect(this.driver.status).toBe(RUNNING | Status.DEVICE_NEEDS_RESET);
  }

  /** After a reset all is as if nothing had been, and the neighbour has gone on throughout. */
  expectRecovery(): void {
    this.driver.reset();
    this.turn();
    expect(this.driver.status).toBe(0);
    this.start();
    this.expectWorking();
    this.#neighbour.expectUnharmed();
  }

  [Symbol.dispose](): void {
    for (const tap of this.taps) if (tap instanceof FakeTap) tap[Symbol.dispose]();
    this.memory[Symbol.dispose]();
  }
}

/** A frame of `length` bytes with its header: no offloads, then bytes that follow from `seed`. */
export function frame(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 0xff);
  bytes.fill(0, 0, HEADER);
  return bytes;
}

/** The same frame as a driver finds it in `count` buffers. */
export function received(bytes: Uint8Array<ArrayBuffer>, count = 1): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[10] = count & 0xff;
  copy[11] = count >> 8;
  return copy;
}

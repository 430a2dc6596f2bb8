/** The network device with its queues in the host's kernel, which a test stands for: `test/e2e/guests/` has the real one. */
import { describe, expect, test } from "bun:test";
import { EventFd } from "../../../../../ffi/eventfd.ts";
import { featureSet } from "../../../../../src/devices/virtio/features.ts";
import { NetDevice } from "../../../../../src/devices/virtio/net/device.ts";
import { VIRTIO_NET_F_MQ } from "../../../../../src/devices/virtio/net/features.ts";
import { VhostPair } from "../../../../../src/devices/virtio/net/vhost-pair.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { FakeTap } from "../../../../support/fake-tap.ts";
import { FakeDriver, type StartOptions } from "../../../../support/virtio/driver.ts";
import { RecordingVhost } from "../../../../support/virtio/recording-vhost.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { CONFIG, TX_BUFFER } from "./support.ts";

/** Of the second pair's rings, in the order of the rings: index and base. */
const FROM_THE_START = [
  [0, 0],
  [1, 0],
];
const KNOWN = (1n << 32n) | (1n << 29n) | (1n << 15n);

class VhostGuest implements Disposable {
  readonly taps: readonly FakeTap[];
  readonly vhosts: readonly RecordingVhost[];
  readonly memory = GuestMemory.create(8 * 2 ** 20);
  readonly device: NetDevice;
  readonly kicks: readonly EventFd[];
  readonly rig: VirtioRig<NetDevice>;
  readonly driver: FakeDriver;

  constructor(pairs = 1) {
    this.taps = Array.from({ length: pairs }, () => FakeTap.create());
    this.vhosts = this.taps.map(() => new RecordingVhost(KNOWN));
    this.device = new NetDevice(
      { ...CONFIG, vhost: true, queue_pairs: pairs },
      {
        taps: this.taps,
        createPair: (pair, { gone }) => new VhostPair(this.taps[pair]!, this.vhosts[pair]!, gone),
        inKernel: true,
      },
    );
    this.kicks = this.device.queueSizes.map(() => EventFd.create("a kick"));
    const kicks = this.kicks.map(({ number }) => number);
    this.rig = new VirtioRig(this.device, this.memory, { interrupt: 1000, kicks });
    this.driver = new FakeDriver(this.rig);
  }

  get tap(): FakeTap {
    return this.taps[0]!;
  }
  get vhost(): RecordingVhost {
    return this.vhosts[0]!;
  }

  /** What the kernel was told since the last call, by name. */
  told(): unknown[] {
    return this.vhost.calls.splice(0).map((call) => call[0]);
  }

  start(options?: StartOptions): void {
    this.driver.start(options);
    this.rig.turn();
  }

  /** The driver's command. */
  setPairs(pairs: number): void {
    const control = this.driver.queues.at(-1)!;
    this.memory.write(TX_BUFFER, Uint8Array.of(4, 0, pairs, 0));
    control.add({ address: TX_BUFFER, length: 4 }, { address: TX_BUFFER + 100, length: 1, writable: true });
    control.kick();
    this.rig.turn();
    expect(control.takeUsed()).toHaveLength(1);
  }

  /** Where the rings of the second pair were started since the last call. */
  basesOfSecond(): unknown[] {
    return this.vhosts[1]!.calls.splice(0).flatMap(([name, ring, base]) => (name === "base" ? [[ring, base]] : []));
  }

  /** The kernel raises the eventfd it was given for what it can't make sense of. */
  complain(): void {
    const [source] = this.device.sources;
    EventFd.attach(source!.fd, "a ring").signal();
    this.rig.backend.run(source!.ready);
  }

  [Symbol.dispose](): void {
    for (const kick of this.kicks) kick[Symbol.dispose]();
    for (const tap of this.taps) tap[Symbol.dispose]();
    this.memory[Symbol.dispose]();
  }
}

const RING = ["size", "base", "addresses", "error", "call", "kick"];

describe("queues in the host's kernel", () => {
  test("have this process for their owner, and run from DRIVER_OK to the reset", () => {
    using guest = new VhostGuest();
    expect(guest.told()).toEqual(["owner"]);
    guest.start();
    const backends = guest.vhost.calls.filter(([name]) => name === "net backend");
    expect(backends.map(([, ...values]) => values)).toEqual([
      [0, guest.tap.fd],
      [1, guest.tap.fd],
    ]);
    expect(guest.told()).toEqual(["features", "memory", ...RING, ...RING, "net backend", "net backend"]);
    expect(guest.device.isBusy).toBe(true);
    expect(guest.kicks.map((kick) => kick.take())).toEqual([true, true]); // what waited before is looked at

    guest.driver.reset();
    expect(guest.driver.status).not.toBe(0); // the kernel may still write to guest memory
    guest.rig.turn();
    expect(guest.driver.status).toBe(0);
    expect(guest.vhost.calls.slice(0, 2)).toEqual([
      ["net backend", 0, -1],
      ["net backend", 1, -1],
    ]);
    expect(guest.told()).toEqual(["net backend", "net backend", "kick", "call", "kick", "call"]);
    expect(guest.device.isBusy).toBe(false);
    guest.start();
    expect(guest.told()).toHaveLength(16);
  });

  test("go on where they were when their pair works again, and begin anew for the next driver", () => {
    using guest = new VhostGuest(2);
    guest.start();
    guest.setPairs(2);
    expect(guest.basesOfSecond()).toEqual(FROM_THE_START);
    for (const [receive, transmit] of [
      [7, 9],
      [65_535, 3],
    ]) {
      guest.vhosts[1]!.bases.splice(0, 2, receive!, transmit!);
      guest.setPairs(1);
      guest.vhosts[1]!.bases.fill(0); // not asked again
      guest.setPairs(2);
      expect(guest.basesOfSecond()).toEqual([
        [0, receive],
        [1, transmit],
      ]);
    }
    guest.vhosts[1]!.bases.splice(0, 2, 11, 12);
    guest.setPairs(1); // at rest when its driver goes
    guest.driver.reset();
    guest.rig.turn();
    guest.start();
    guest.setPairs(2);
    expect(guest.basesOfSecond()).toEqual(FROM_THE_START);
    guest.vhosts[1]!.bases.splice(0, 2, 13, 14);
    guest.driver.reset(); // at work
    guest.rig.turn();
    guest.start();
    guest.setPairs(2);
    expect(guest.basesOfSecond()).toEqual(FROM_THE_START);
  });

  test("are not all that may be: a driver without MQ has its control queue among them, and volt hears its kicks", () => {
    using guest = new VhostGuest(2);
    const oneByOne = { features: 0xffff_ffff_ffff_ffffn & ~featureSet(VIRTIO_NET_F_MQ) };
    /** A command in queue 2, and the signal that KVM gives for its kick. @returns whether there was an answer */
    const answers = (): boolean => {
      const queue = guest.driver.queues[2]!;
      guest.memory.write(TX_BUFFER, Uint8Array.of(4, 0, 1, 0));
      queue.add({ address: TX_BUFFER, length: 4 }, { address: TX_BUFFER + 100, length: 1, writable: true });
      guest.kicks[2]!.signal();
      guest.rig.turn();
      return queue.takeUsed().length === 1;
    };
    guest.start(oneByOne);
    expect(answers()).toBe(true);
    expect(answers()).toBe(true);
    guest.driver.reset();
    guest.kicks[2]!.signal(); // nobody's
    guest.rig.turn();
    expect(guest.driver.status).toBe(0);

    // Where it is the kernel's it is left to the kernel.
    guest.start();
    guest.setPairs(2);
    expect(answers()).toBe(false);
    expect(guest.kicks[2]!.take()).toBe(true);
    guest.driver.reset();
    guest.rig.turn();
    guest.start(oneByOne);
    expect(answers()).toBe(true);
  });

  test("have an interrupt status that always reads as set: the kernel can't set it", () => {
    using guest = new VhostGuest();
    guest.start();
    expect(guest.driver.takeInterrupt()).toBe(1);
    expect(guest.driver.takeInterrupt()).toBe(1);
  });

  test("whose TAP is deleted make the kernel complain: the guest has no link, and needs no reset", () => {
    using guest = new VhostGuest();
    guest.start();
    guest.tap.answer = 77; // EBADFD
    guest.complain();
    guest.complain();
    expect(guest.driver.status).toBe(15);
    expect(guest.driver.readBytes(0x106, 2)).toEqual(Uint8Array.of(0, 0));
    expect(guest.rig.reports).toEqual(["net0: the TAP tap0 was deleted: the guest has no link"]);
  });

  test("of which the kernel can make no sense need a reset, and work after it", () => {
    using guest = new VhostGuest();
    guest.start();
    guest.complain();
    expect(guest.driver.status & 0x40).toBe(0x40);
    expect(guest.device.isBusy).toBe(false);
    guest.complain(); // too late to matter
    guest.driver.reset();
    guest.rig.turn();
    guest.start();
    expect(guest.driver.status).toBe(15);
    expect(guest.device.isBusy).toBe(true);
  });

  test("that a driver left out need a reset, and nothing is left running", () => {
    using guest = new VhostGuest();
    guest.driver.negotiate();
    guest.driver.setUpQueues();
    guest.driver.queues[1]!.writeRegisters(0);
    guest.driver.addStatus(4);
    guest.rig.turn();
    expect(guest.driver.status & 0x40).toBe(0x40);
    expect(guest.device.isBusy).toBe(false);
    expect(guest.rig.reports).toEqual([
      "net0: can't be activated: queue 1 is not ready, and the host's kernel is to serve it: its driver has to reset it",
    ]);
    guest.driver.reset();
    guest.rig.turn();
    guest.start();
    expect(guest.device.isBusy).toBe(true);
  });
});

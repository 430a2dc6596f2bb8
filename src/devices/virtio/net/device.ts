import { Errno } from "../../../../ffi/error.ts";
import type { Tap } from "../../../../ffi/tap.ts";
import type { NetworkInterfaceConfig, RateLimiterConfig } from "../../../config/devices.ts";
import { newMmdsCounters } from "../../mmds/counters.ts";
import type { MmdsService } from "../../mmds/service.ts";
import type { InterfaceControls } from "../controls.ts";
import type { DeviceHost, EventSource, VirtioContext, VirtioDevice } from "../device.ts";
import { hasFeature } from "../features.ts";
import { type Alarm, Throttle } from "../limiter/throttle.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import { Turns } from "../queue/turns.ts";
import { KickWatch } from "../vhost/kick-watch.ts";
import { ConfigOffset, configSpace, linkStatus } from "./config.ts";
import { ControlQueue } from "./control.ts";
import { limiterCounters, newCounters } from "./counters.ts";
import { offeredFeatures, tapOffload, VIRTIO_NET_F_CTRL_VQ, VIRTIO_NET_F_MQ } from "./features.ts";
import { HEADER_BYTES } from "./frame.ts";
import { MmdsPort } from "./mmds-port.ts";
import type { PairServices, QueuePair } from "./pair.ts";

/** Device type "network card" (virtio 1.2, section 5.1). */
const VIRTIO_ID_NET = 1;
const CONTROL_QUEUE_SIZE = 64;

type Way = "receive" | "transmit";

interface Clock {
  readonly alarm: Alarm;
  readonly now: () => number;
}

/** What serves the queues of a network device. */
export interface NetBackEnd {
  /** One queue of the TAP for each pair. */
  readonly taps: readonly Tap[];
  readonly createPair: (pair: number, services: PairServices) => QueuePair;
  /** Whether the host's kernel serves the pairs' queues. */
  readonly inKernel: boolean;
  /** Features that are left out of the offer. */
  readonly withheld?: bigint;
  /** How a test tells the time. */
  readonly clocks?: Readonly<Partial<Record<"receive" | "transmit" | "mmds", Clock>>>;
  /** The metadata service, and where the guest finds it. */
  readonly mmds?: { readonly service: MmdsService; readonly address: string };
}

/** The network device: queue pairs on a TAP, and a control queue where there are several. */
export class NetDevice implements VirtioDevice {
  readonly name: string;
  readonly interruptsOften = true;
  readonly id = VIRTIO_ID_NET;
  readonly countedAs = "net";
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly kernelQueues: readonly number[];
  readonly config: Uint8Array;
  readonly sources: readonly EventSource[];
  readonly controls: InterfaceControls;
  readonly counters = newCounters();
  readonly #tapName: string;
  readonly #taps: readonly Tap[];
  readonly #pairs: readonly QueuePair[];
  readonly #mmds: MmdsPort | undefined;
  readonly #control = new ControlQueue(this.counters, (pairs) => this.#setPairs(pairs));
  /** Where the kernel serves the queues: its kick, should it have a number that is one of theirs otherwise. */
  readonly #controlKicks: KickWatch | undefined;
  #host: DeviceHost | undefined;
  #context: VirtioContext | undefined;
  /** Its queue, or -1. */
  #controlQueue = -1;
  /** Pairs that work: the first ones. The host's packets come by these alone. */
  #running = 0;
  readonly #throttles: Readonly<Record<Way, Throttle>>;
  /** Of the pairs, when a limiter lets them go on. */
  readonly #turns = { receive: new Turns(), transmit: new Turns() };
  readonly #serve = { receive: this.#serveOn("receive"), transmit: this.#serveOn("transmit") };
  /** Queues of the TAP that are attached to it: all of them when it was opened. */
  #attached: number;

  constructor(config: NetworkInterfaceConfig, backEnd: NetBackEnd) {
    const { taps, createPair, inKernel, withheld = 0n, clocks } = backEnd;
    this.name = config.iface_id;
    this.features = offeredFeatures(config) & ~withheld;
    this.config = configSpace(config);
    const pairQueues = taps.flatMap(() => [MAX_QUEUE_SIZE, MAX_QUEUE_SIZE]);
    this.queueSizes = taps.length > 1 ? [...pairQueues, CONTROL_QUEUE_SIZE] : pairQueues;
    this.kernelQueues = inKernel ? pairQueues.map((_, queue) => queue) : [];
    this.#tapName = config.host_dev_name;
    this.#taps = taps;
    this.#attached = taps.length;
    const { counters } = this;
    const throttle = (limits: RateLimiterConfig | undefined, way: Way) =>
      new Throttle({
        limits,
        counters: limiterCounters(counters, way === "receive" ? "rx" : "tx"),
        resume: () => this.#resume(way),
        ...clocks?.[way],
      });
    const rxThrottle = throttle(config.rx_rate_limiter, "receive");
    const txThrottle = throttle(config.tx_rate_limiter, "transmit");
    this.#mmds = backEnd.mmds && this.#mmdsPort(backEnd.mmds, config, clocks?.mmds);
    const services = { counters, rxThrottle, txThrottle, gone: () => this.#tapIsGone(), mmds: this.#mmds };
    this.#pairs = taps.map((_, pair) => createPair(pair, services));
    const throttles = { receive: rxThrottle, transmit: txThrottle };
    this.#throttles = throttles;
    this.controls = {
      kind: "interface",
      get limits() {
        return { receive: rxThrottle.limits, transmit: txThrottle.limits };
      },
      limit: (way, limits) => throttles[way].update(limits),
    };
    const mmds = this.#mmds ? [this.#mmds] : [];
    this.#controlKicks = inKernel && taps.length > 1 ? new KickWatch(() => this.#controlKicked()) : undefined;
    const watch = this.#controlKicks ? [this.#controlKicks] : [];
    this.sources = [rxThrottle, txThrottle, ...mmds, ...this.#pairs, ...watch].flatMap(({ sources }) => sources);
  }

  get isBusy(): boolean {
    return this.#pairs.some((pair) => pair.isBusy);
  }

  connect(host: DeviceHost): void {
    this.#host = host;
  }

  activate(context: VirtioContext): void {
    this.#context = context;
    this.#prepareTap(context.features);
    // 5.1.5: with MQ too, one pair until the driver asks for more.
    this.#setRunning(context, 1);
    this.#controlQueue = this.#controlQueueOf(context.features);
    this.#control.start(context.queues[this.#controlQueue]);
    if (this.kernelQueues.includes(this.#controlQueue)) {
      this.#controlKicks?.start(context.lines.kicks[this.#controlQueue]!);
    }
  }

  process(queue: number): boolean {
    if (queue === this.#controlQueue) return this.#control.process();
    const pair = queue >> 1;
    if (pair >= this.#running) return false;
    // They come back by themselves for what is more than a turn should take.
    if (queue % 2 === 0) this.#pairs[pair]!.receive();
    else this.#pairs[pair]!.transmit();
    return false;
  }

  reset(): void {
    this.#context = undefined;
    this.#controlQueue = -1;
    this.#control.stop();
    this.#controlKicks?.stop();
    for (const pair of this.#pairs) pair.stop();
    this.#mmds?.reset();
    this.#running = 0;
  }

  #mmdsPort(
    mmds: NonNullable<NetBackEnd["mmds"]>,
    { mtu }: NetworkInterfaceConfig,
    clock: Clock | undefined,
  ): MmdsPort {
    const counters = Object.assign(this.counters, newMmdsCounters());
    // The first pair always works; a card in which none does receives nothing.
    return new MmdsPort({ ...mmds, mtu, counters, deliver: () => this.#pairs[0]!.receive(), clock });
  }

  #controlKicked(): void {
    if (this.#control.process()) this.#host?.revisit(this.#controlQueue);
  }

  /** 5.1.2: the one behind the pairs that the driver knows of. */
  #controlQueueOf(features: bigint): number {
    if (!hasFeature(features, VIRTIO_NET_F_CTRL_VQ)) return -1;
    return hasFeature(features, VIRTIO_NET_F_MQ) ? 2 * this.#pairs.length : 2;
  }

  #prepareTap(features: bigint): void {
    const [tap] = this.#taps;
    const error = tap!.setHeaderSize(HEADER_BYTES) || tap!.setOffload(tapOffload(features));
    if (error === Errno.EBADFD) this.#tapIsGone();
    else if (error !== 0) throw new Error(`the TAP ${this.#tapName} refuses these offloads (errno ${error})`);
  }

  /** The driver's command. @returns false when there are not so many */
  #setPairs(pairs: number): boolean {
    const isKnown = this.#controlQueue > 2 && pairs >= 1 && pairs <= this.#pairs.length;
    if (this.#context === undefined || !isKnown) return false;
    this.#setRunning(this.#context, pairs);
    return true;
  }

  #setRunning(context: VirtioContext, wanted: number): void {
    while (this.#running > wanted) this.#pairs[--this.#running]!.rest();
    // The host spreads its packets over what is attached: what comes by a queue that nobody reads is lost.
    while (this.#attached > wanted) this.#taps[--this.#attached]!.setAttached(false);
    while (this.#attached < wanted) this.#taps[this.#attached++]!.setAttached(true);
    while (this.#running < wanted) {
      const pair = this.#pairs[this.#running]!;
      pair.start(context, this.#running++);
      // Its kicks so far did nothing.
      pair.receive();
      pair.transmit();
    }
  }

  /** A rate limiter lets it go on. The pairs come back by themselves for more than a turn should take. */
  #resume(way: Way): boolean {
    this.#turns[way].round(this.#running, this.#serve[way]);
    return false;
  }

  #serveOn(way: Way): (pair: number) => boolean {
    return (pair) => {
      const throttle = this.#throttles[way];
      const before = throttle.admitted;
      this.#pairs[pair]![way]();
      return throttle.admitted !== before;
    };
  }

  /** For the guest the cable is pulled. What it sends is lost, nothing comes; volt goes on. */
  #tapIsGone(): void {
    if (this.counters.tapGone === 1) return;
    this.counters.tapGone = 1;
    this.#host?.warn(`the TAP ${this.#tapName} was deleted: the guest has no link`);
    this.#host?.changeConfig(ConfigOffset.STATUS, linkStatus(false));
  }
}

import type { Fd } from "../../../../ffi/fd.ts";
import { copyMemory } from "../../../../ffi/memory.ts";
import type { RateLimiterConfig } from "../../../config/devices.ts";
import type { DiskControls } from "../controls.ts";
import type { DeviceHost, EventSource, VirtioContext, VirtioDevice } from "../device.ts";
import { hasFeature } from "../features.ts";
import { type Alarm, Throttle } from "../limiter/throttle.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { Turns } from "../queue/turns.ts";
import { blkConfig, CAPACITY, capacityBytes } from "./config.ts";
import { diskControls } from "./controls.ts";
import { type BlkCounters, countRequest, newCounters } from "./counters.ts";
import type { Disk } from "./disk.ts";
import type { DiskEngine, Operation } from "./engine/operation.ts";
import { Failures } from "./failure.ts";
import { offeredFeatures } from "./features.ts";
import { HEADER_BYTES, VIRTIO_BLK_F_FLUSH } from "./layout.ts";
import { SLOTS } from "./memory.ts";
import type { DiskFile } from "./open.ts";
import { BlkRequest, PENDING } from "./request.ts";
import { FileSwap, type Swapped } from "./swap.ts";

/** Device type "block device" (virtio 1.2, section 5.2). */
const VIRTIO_ID_BLOCK = 2;
/** What a queue may start in one turn. */
const REQUESTS_A_TURN = 64;
const BYTES_A_TURN = 4 * 2 ** 20;
/**
 * With so many under way no queue asks for kicks, each of which costs its guest an exit: whatever is new is found when one
 * of them comes home. That is soon, and the file has enough to do until then.
 */
const ENOUGH_UNDER_WAY = 8;

export interface BlkOptions {
  readonly disk: Disk;
  readonly queues: number;
  /** Makes what runs its requests, given all of them. */
  readonly createEngine: (operations: readonly Operation[]) => DiskEngine;
  readonly limits?: RateLimiterConfig | undefined;
  /** Opens another file for it; undefined for the one it has. @throws Error in the user's words */
  readonly open?: (path: string) => DiskFile | undefined;
  /** Told of the file that it has from now on. */
  readonly moved?: () => void;
  /** What the log is to say of it. It may grow until the device is there. */
  readonly notes?: readonly string[];
  /** What wakes it besides its requests. */
  readonly sources?: readonly EventSource[];
  /** How a test tells the time. */
  readonly alarm?: Alarm;
  readonly now?: () => number;
}

/** A disk. Requests are under way in its engine, in any order; what they need is there from the start. */
export class BlkDevice implements VirtioDevice, Disposable {
  readonly interruptsOften = true;
  readonly id = VIRTIO_ID_BLOCK;
  readonly countedAs = "block";
  readonly name: string;
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly config: Uint8Array;
  readonly notes: readonly string[];
  readonly sources: readonly EventSource[];
  readonly disk: Disk;
  readonly throttle: Throttle;
  readonly controls: DiskControls;
  readonly counters: BlkCounters = newCounters();
  readonly #engine: DiskEngine;
  readonly #failures: Failures;
  readonly #swap: FileSwap;
  readonly #open: NonNullable<BlkOptions["open"]>;
  readonly #moved: () => void;
  readonly #chain = new DescriptorChain();
  /** Requests that are not in use: a stack of `#freeCount`. */
  readonly #free: BlkRequest[];
  #freeCount: number;
  #host: DeviceHost | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  /** Queues that have more than may be started now: they go on when requests come home, or the limiter allows it. */
  readonly #isHeld: boolean[];
  /** Those of them that found no free request. */
  readonly #isStalled: boolean[];
  /** Queues that have not asked for their next kick, since enough was under way. */
  readonly #isQuiet: boolean[];
  /** Of queues that were held or quiet. */
  readonly #turns = new Turns();
  /** Of queues that stalled. */
  readonly #wakeTurns = new Turns();
  /** Requests that were taken from queues so far. */
  #begun = 0;

  constructor(options: BlkOptions) {
    const { disk, queues, createEngine, limits, notes = [], sources = [], open, moved, ...clock } = options;
    this.disk = disk;
    this.name = disk.id;
    this.#failures = new Failures(disk);
    this.features = offeredFeatures(disk, queues);
    this.queueSizes = new Array<number>(queues).fill(MAX_QUEUE_SIZE);
    this.#isHeld = new Array<boolean>(queues).fill(false);
    this.#isStalled = new Array<boolean>(queues).fill(false);
    this.#isQuiet = new Array<boolean>(queues).fill(false);
    const { capacity, blockSize, physicalSize } = disk;
    this.config = blkConfig({ capacity, blockSize, physicalSize, queues });
    const requests = Array.from({ length: SLOTS }, (_, slot) => new BlkRequest(disk, slot));
    this.#free = requests.toReversed();
    this.#freeCount = SLOTS;
    this.#engine = createEngine(requests);
    this.#swap = new FileSwap(disk, this.#engine);
    this.#open = open ?? cantOpen;
    this.#moved = moved ?? (() => {});
    this.notes = notes;
    const resume = (): boolean => this.#goOn();
    this.throttle = new Throttle({ limits, counters: this.counters, resume, ...clock });
    this.controls = diskControls(disk, this.throttle, (path, done) => this.replaceFile(path, done));
    this.sources = [{ fd: this.#engine.fd, ready: this.#woken }, ...this.throttle.sources, ...sources];
  }

  get isBusy(): boolean {
    return this.#freeCount < SLOTS;
  }

  /** What nobody else may have meanwhile: its file, and one on its way to it. */
  get files(): readonly Fd[] {
    const { coming } = this.#swap;
    return coming ? [this.disk.file, coming] : [this.disk.file];
  }

  connect(host: DeviceHost): void {
    this.#host = host;
  }

  activate({ queues, features }: VirtioContext): void {
    const { dropsFlushes } = this.disk;
    this.#queues = queues;
    this.disk.writeThrough = !dropsFlushes && !hasFeature(features, VIRTIO_BLK_F_FLUSH);
  }

  process(index: number): boolean {
    const isMore = this.#take(index);
    this.#run();
    this.#wakeStalled();
    this.#listen();
    return isMore;
  }

  /** What is under way comes home later, to queues that are retired. */
  reset(): void {
    this.#queues = [];
    this.#isHeld.fill(false);
    this.#isStalled.fill(false);
    this.#isQuiet.fill(false);
  }

  /** Looks at the file's size again, and tells the driver if the disk has another one now. @throws SystemError */
  resize(): void {
    const capacity = this.disk.measure();
    if (capacity === this.disk.capacity) return;
    this.disk.capacity = capacity;
    this.#host?.changeConfig(CAPACITY.offset, capacityBytes(capacity));
  }

  /**
   * Has another file, as soon as no request is under way in the old one; those that come meanwhile wait for it. The same
   * file again: its size is looked at anew.
   * @throws Error: the old one stays
   */
  replaceFile(path: string, done: Swapped): void {
    if (this.#swap.isPending) throw new Error("a file is on its way to this disk already: wait for its answer");
    const file = this.#open(path);
    if (!file) {
      this.resize();
      done();
      return;
    }
    this.#swap.begin(file, done);
    if (!this.isBusy) this.#swapFile();
  }

  #swapFile(): void {
    const { done, problem } = this.#swap.carryOut();
    if (problem === undefined) {
      this.#failures.forget();
      this.#moved();
      // As large or not, it is another one: the driver looks at it anew.
      this.#host?.changeConfig(CAPACITY.offset, capacityBytes(this.disk.capacity));
    }
    this.#isHeld.forEach((isHeld, queue) => {
      if (isHeld) this.#host?.revisit(queue);
    });
    done(problem);
  }

  readonly #woken = (): void => {
    this.#engine.woken();
    this.#run();
    this.#goOn();
  };

  /** Queues that were held or quiet have a turn. Those that want another come back when the other devices had theirs. */
  #goOn(): false {
    this.#turns.round(this.#isHeld.length, this.#goOnWith);
    return false;
  }

  readonly #goOnWith = (index: number): boolean => {
    if (!this.#isHeld[index] && !this.#isQuiet[index]) return false;
    const before = this.#begun;
    if (this.process(index)) this.#host?.revisit(index);
    return this.#begun !== before;
  };

  /** Where not enough is under way any more, quiet queues ask for kicks again. */
  #listen(): void {
    if (this.#isEnoughUnderWay) return;
    for (let index = 0; index < this.#isQuiet.length; index++) {
      if (!this.#isQuiet[index]) continue;
      this.#isQuiet[index] = false;
      if (this.#queues[index]?.resumeNotifications()) this.#host?.revisit(index);
    }
  }

  get #isEnoughUnderWay(): boolean {
    return SLOTS - this.#freeCount >= ENOUGH_UNDER_WAY;
  }

  /** All that was under way may have come home within the turn: then nothing else would ever call a queue that stalled. */
  #wakeStalled(): void {
    if (this.#freeCount > 0) this.#wakeTurns.round(this.#isStalled.length, this.#wake);
  }

  readonly #wake = (index: number): boolean => {
    if (!this.#isStalled[index]) return false;
    this.#isStalled[index] = false;
    this.#host?.revisit(index);
    return true;
  };

  /** Starts requests of a queue. @returns whether there is more than one turn takes */
  #take(index: number): boolean {
    const queue = this.#queues[index];
    if (!queue) return false;
    this.#isHeld[index] = this.#swap.isPending;
    this.#isStalled[index] = false;
    this.#isQuiet[index] = false;
    if (this.#isHeld[index]) return false;
    queue.suspendNotifications();
    let bytes = 0;
    for (let taken = 0; taken < REQUESTS_A_TURN && bytes < BYTES_A_TURN; taken++) {
      if (this.#freeCount === 0) {
        // Not lost, only later: what is under way calls when it comes home.
        this.#isHeld[index] = this.#isStalled[index] = true;
        this.counters.stalls++;
        return false;
      }
      if (!queue.next(this.#chain)) {
        this.#isQuiet[index] = this.#isEnoughUnderWay;
        if (this.#isQuiet[index]) return false;
        if (queue.resumeNotifications()) continue;
        return false;
      }
      if (!this.throttle.admit(dataBytes(this.#chain))) {
        queue.putBack(this.#chain.head);
        this.#isHeld[index] = true;
        return false;
      }
      const request = this.#free[--this.#freeCount]!;
      this.#begun++;
      const status = request.begin(this.#chain, queue);
      if (status === PENDING) {
        bytes += request.length;
        this.#engine.push(request);
      } else this.#finish(request, status);
    }
    return true;
  }

  /** Starts what was pushed, takes what came home, and goes on with what needs more operations. */
  #run(): void {
    const engine = this.#engine;
    engine.flush();
    do {
      for (let done = engine.next(); done; done = engine.next()) this.#land(done as BlkRequest);
    } while (engine.flush());
  }

  #land(request: BlkRequest): void {
    // Its driver is gone, or about to go: nothing is done for it any more.
    if (!this.#queues.includes(request.queue)) {
      this.#release(request);
      return;
    }
    const status = request.land();
    if (status === PENDING) this.#engine.push(request);
    else this.#finish(request, status);
  }

  #finish(request: BlkRequest, status: number): void {
    countRequest(this.counters, request, status);
    if (request.hasFailed) this.#tell(request);
    const { statusAddress, written } = request;
    if (statusAddress >= 0) copyMemory(statusAddress, this.disk.memory.statusAddress(status), 1);
    request.queue?.complete(request.head, written);
    this.#release(request);
  }

  #tell(request: BlkRequest): void {
    const line = this.#failures.tell(request);
    if (line !== undefined) this.#host?.warn(line);
  }

  #release(request: BlkRequest): void {
    request.queue = undefined;
    this.#free[this.#freeCount++] = request;
    if (this.#swap.isPending && !this.isBusy) this.#swapFile();
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
    this.disk[Symbol.dispose]();
  }
}

function cantOpen(): never {
  throw new Error("this disk keeps its file");
}

/** All of a chain but the header and the status. */
function dataBytes({ readableBytes, writableBytes }: DescriptorChain): number {
  return Math.max(readableBytes + writableBytes - HEADER_BYTES - 1, 0);
}

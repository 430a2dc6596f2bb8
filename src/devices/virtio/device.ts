/** What a kind of virtio device is to the rest: each folder beside this file has one. */
import type { GuestMemory } from "../../memory/guest.ts";
import type { DeviceControls } from "./controls.ts";
import type { Queue } from "./queue/queue.ts";
import type { QueueSettings } from "./queue/settings.ts";
import type { DeviceDescription } from "./transport/state.ts";

/**
 * The back end of a device. All of it runs on the I/O thread, one call at a time, through `VirtioBackend`: it never sees
 * registers, threads or interrupts, and it may throw: its driver then has to reset it.
 */
export interface VirtioDevice extends DeviceDescription {
  /** What the log and the counters call it: "rng". */
  readonly name: string;
  /** What metrics call all of its kind: "entropy". */
  readonly countedAs: string;
  /** Whether requests are in flight that still use guest memory. False where all is done within `process`. */
  readonly isBusy: boolean;
  /** Counts since the start. `bytes`, `errors` and `throttles` mean the same for every kind (`deviceCounters`). */
  readonly counters: Readonly<Record<string, number>>;
  /** Whether its interrupts are so many that an exit less for each is worth a longer start. */
  readonly interruptsOften?: boolean;
  /** What wakes it besides kicks: completions of its requests, packets. */
  readonly sources?: readonly EventSource[];
  /** What the log is to say of it at the start, at info. */
  readonly notes?: readonly string[];

  /** What its owner may change while it runs. */
  readonly controls?: DeviceControls;

  /** Once, before anything else: whom it can turn to as long as it lives. */
  connect?(host: DeviceHost): void;

  /** A driver is ready. Until `reset` the device may use what `context` has. @throws when it can't work like this */
  activate(context: VirtioContext): void;

  /**
   * A queue was kicked (or may have been: find out).
   * @returns whether there is more than one turn should take: it is called again when others had theirs
   */
  process(queue: number): boolean;

  /** The driver wrote to the writable part of configuration space, which is now `config`. */
  configWritten?(config: Uint8Array): void;

  /**
   * Forget the driver: start no request, drop every queue. What is in flight may come home after this, with `isBusy`
   * until then; its buffers belong to the device no longer than that.
   */
  reset(): void;

  /** The machine has ended, or never came to be: take away what others can see of the device, such as a socket's file. */
  close?(): void;
}

/** What runs a device, as the device sees it. */
export interface DeviceHost {
  /** Changes configuration space, and tells the driver if there is one. */
  changeConfig(offset: number, bytes: Uint8Array): void;
  /** Has `process` called for a queue, after the other devices had their turn. */
  revisit(queue: number): void;
  /** One line for the user's log. Never for what a guest can bring about again and again. */
  warn(text: string): void;
}

/** A descriptor of the device's own, watched as long as the machine runs. One that comes and goes needs an epoll of its own. */
export interface EventSource {
  readonly fd: number;
  /** Called while there is something to read: take it, or be called again. The device may be at rest, or just reset. */
  readonly ready: () => void;
}

/** What an active device works with. Good until `reset`. */
export interface VirtioContext {
  readonly memory: GuestMemory;
  /** The features both sides agreed on. */
  readonly features: bigint;
  /** A queue the driver did not set up is undefined. */
  readonly queues: readonly (Queue | undefined)[];
  /** Where the rings are, checked, and the descriptors beside them: for queues that the host's kernel serves. */
  readonly settings: readonly QueueSettings[];
  readonly lines: LineDescriptors;
}

/** The numbers of the descriptors behind a device's lines. */
export interface LineDescriptors {
  /** KVM's irqfd, where the host's kernel serves queues (`kernelQueues`). */
  readonly interrupt?: number;
  /** KVM's ioeventfds, one a queue. */
  readonly kicks: readonly number[];
}

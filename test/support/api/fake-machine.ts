/** A machine for the API alone: it does what it is told, and remembers it. */
import type { RateLimiterConfig } from "../../../src/config/devices.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { VmConfig, VmConfigInput } from "../../../src/config/schema.ts";
import type {
  BalloonControls,
  DiskControls,
  EntropyControls,
  InterfaceControls,
} from "../../../src/devices/virtio/controls.ts";
import { ConsoleHub } from "../../../src/machine/console/hub.ts";
import { ControlError, type MachineControl } from "../../../src/machine/control.ts";
import { EventFeed } from "../../../src/machine/events.ts";
import { liveConfig } from "../../../src/machine/live-config.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";
import type { Readings } from "../../../src/observe/metrics/readings.ts";
import { readings } from "../../unit/observe/metrics/readings.ts";

/** Paths below it can't be opened. */
export const CLOSED = "/closed";

export class FakeMachine implements MachineControl {
  readonly started: VmConfig;
  isPaused = false;
  readonly isStopping = false;
  readonly events = new EventFeed();
  readonly console = new ConsoleHub(() => true);
  readonly counts = newCounts();
  readonly mmds = undefined;
  /** How often it was asked to go down, and its keys were pressed. */
  stops = 0;
  presses = 0;
  /** Replacements of files that are under way: call them to end them. */
  readonly underWay: (() => void)[] = [];
  /** Whether a replacement takes its time. */
  isSlow = false;
  readonly #disks: ReadonlyMap<string, DiskControls>;
  readonly #cards: ReadonlyMap<string, InterfaceControls>;
  readonly #balloon: BalloonControls | undefined;
  readonly #entropy: EntropyControls | undefined;

  constructor(config: VmConfigInput) {
    this.started = parseConfig(config, "");
    const { drives, balloon, entropy } = this.started;
    this.#disks = new Map(drives.map((drive) => [drive.drive_id, this.#disk(drive.path_on_host, drive.rate_limiter)]));
    this.#cards = new Map(this.started["network-interfaces"].map((card) => [card.iface_id, fakeCard()]));
    this.#balloon = balloon && fakeBalloon(balloon.amount_mib, balloon.stats_polling_interval_s);
    this.#entropy = entropy && fakeEntropy();
  }

  get config(): VmConfig {
    return liveConfig(this.started, this);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  shutDown(): void {
    this.stops++;
  }

  end(): void {
    this.stops++;
  }

  pressPowerButton(): void {
    this.presses++;
  }

  resizeConsole(): void {}

  pressCtrlAltDel(): void {
    this.presses++;
  }

  disk(id: string): DiskControls {
    return found(this.#disks.get(id), `disk ${id}`);
  }

  networkInterface(id: string): InterfaceControls {
    return found(this.#cards.get(id), `interface ${id}`);
  }

  balloon(): BalloonControls {
    return found(this.#balloon, "balloon");
  }

  entropy(): EntropyControls {
    return found(this.#entropy, "entropy");
  }

  flushMetrics(): void {}

  readings(): Readings {
    return readings();
  }

  timeline() {
    return [{ phase: "VM is running", ms: 1 }] as never;
  }

  #disk(first: string, given: RateLimiterConfig | undefined): DiskControls {
    const own = limits(given ?? {});
    let path = first;
    return {
      kind: "disk",
      get path() {
        return path;
      },
      get limits() {
        return own.limits;
      },
      limit: own.limit,
      replaceFile: (next, done) => {
        if (next.startsWith(CLOSED)) throw new Error(`the sandbox keeps ${next} from volt`);
        const others = [...this.#disks.values()].filter((disk) => disk.path !== path).map((disk) => disk.path);
        if (others.includes(next)) throw new Error(`${next} is in use by another VM`);
        const end = () => {
          path = next;
          done();
        };
        if (this.isSlow) this.underWay.push(end);
        else end();
      },
    };
  }
}

function found<T>(device: T | undefined, what: string): T {
  if (device === undefined) throw new ControlError(`there is no ${what}`);
  return device;
}

/** By the limiter's rule: a bucket that is given replaces the old one, of size 0 it goes. */
function limits(first: RateLimiterConfig) {
  let now: RateLimiterConfig = {};
  const limit = (next: RateLimiterConfig): void => {
    const all = { ...now, ...next };
    now = Object.fromEntries(Object.entries(all).filter(([, one]) => one && one.size > 0 && one.refill_time > 0));
  };
  limit(first);
  return {
    get limits() {
      return now;
    },
    limit,
  };
}

function fakeEntropy(): EntropyControls {
  const own = limits({});
  return {
    kind: "entropy",
    get limits() {
      return own.limits;
    },
    limit: own.limit,
  };
}

function fakeCard(): InterfaceControls {
  const ways = { receive: limits({}), transmit: limits({}) };
  return {
    kind: "interface",
    get limits() {
      return { receive: ways.receive.limits, transmit: ways.transmit.limits };
    },
    limit: (way, next) => ways[way].limit(next),
  };
}

function fakeBalloon(mib: number, seconds: number): BalloonControls {
  const balloon = {
    kind: "balloon" as const,
    targetMib: mib,
    actualMib: 0,
    statistics: new Map([["free_memory", 1]]),
    pollingSeconds: seconds,
    hinting: { host: 1, guest: undefined },
    setTarget: (next: number) => {
      balloon.targetMib = next;
    },
    setPollingSeconds: (next: number) => {
      balloon.pollingSeconds = next;
    },
    startHinting: () => {
      balloon.hinting = { host: Math.max(balloon.hinting.host, 1) + 1, guest: undefined };
    },
    stopHinting: () => {
      balloon.hinting = { host: 1, guest: undefined };
    },
  };
  return balloon;
}

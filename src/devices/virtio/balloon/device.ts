import type { BalloonConfig } from "../../../config/devices.ts";
import type { GuestMemory } from "../../../memory/guest.ts";
import type { BalloonControls } from "../controls.ts";
import type { DeviceHost, EventSource, VirtioContext, VirtioDevice } from "../device.ts";
import { COMMON_FEATURES, featureSet, hasFeature } from "../features.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { serveQueue } from "../queue/serve.ts";
import { actualMib, balloonConfig, ConfigOffset, pagesOfMib, WRITABLE_CONFIG, word } from "./config.ts";
import { newCounters } from "./counters.ts";
import { Hints } from "./hints.ts";
import { countPages, discardBuffers, PageList } from "./pages.ts";
import { Poll } from "./poll.ts";
import { type StatisticName, Statistics } from "./statistics.ts";

/** Device type "memory balloon" (virtio 1.2, section 5.5). */
const VIRTIO_ID_BALLOON = 5;
/** 5.5.3. */
const Feature = {
  VIRTIO_BALLOON_F_STATS_VQ: 1,
  VIRTIO_BALLOON_F_DEFLATE_ON_OOM: 2,
  VIRTIO_BALLOON_F_FREE_PAGE_HINT: 3,
  VIRTIO_BALLOON_F_PAGE_REPORTING: 5,
} as const;

/** What a queue is for. Inflate and deflate are always there, the others where the feature is. */
type Role = "inflate" | "deflate" | "statistics" | "hints" | "reports";
const OPTIONAL_ROLES: readonly (readonly [Role, number])[] = [
  ["statistics", Feature.VIRTIO_BALLOON_F_STATS_VQ],
  ["hints", Feature.VIRTIO_BALLOON_F_FREE_PAGE_HINT],
  ["reports", Feature.VIRTIO_BALLOON_F_PAGE_REPORTING],
];

/** Requests in one turn: each may be thousands of pages, or gigabytes. */
const REQUESTS_A_TURN = 16;

/**
 * The balloon: takes memory from the guest as the host wants it, and gives back to the host what the guest frees
 * (reporting, which works at any size of the balloon, 0 too).
 */
export class BalloonDevice implements VirtioDevice, BalloonControls {
  readonly kind = "balloon";
  readonly controls = this;
  readonly name = "balloon";
  readonly id = VIRTIO_ID_BALLOON;
  readonly countedAs = "balloon";
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly config: Uint8Array;
  readonly writableConfig = WRITABLE_CONFIG;
  /** Every request is done within its turn; the buffer that statistics keep is not touched while they do. */
  readonly isBusy = false;
  readonly counters = newCounters();
  readonly sources: readonly EventSource[];
  /** How many MiB the driver is asked for. */
  targetMib: number;
  /** How many MiB the driver says it has given up. */
  actualMib = 0;
  readonly #statistics = new Statistics();
  /** What asks for them; undefined where there are none. */
  readonly #poll: Poll | undefined;
  readonly #hints = new Hints();
  readonly #pages = new PageList();
  readonly #chain = new DescriptorChain();
  #memory: GuestMemory | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  #roles: readonly Role[] = [];
  #host: DeviceHost | undefined;

  constructor(config: BalloonConfig) {
    const { amount_mib, deflate_on_oom, free_page_hinting, free_page_reporting, stats_polling_interval_s } = config;
    const offered = [
      stats_polling_interval_s > 0 && Feature.VIRTIO_BALLOON_F_STATS_VQ,
      deflate_on_oom && Feature.VIRTIO_BALLOON_F_DEFLATE_ON_OOM,
      free_page_hinting && Feature.VIRTIO_BALLOON_F_FREE_PAGE_HINT,
      free_page_reporting && Feature.VIRTIO_BALLOON_F_PAGE_REPORTING,
    ].filter((bit) => bit !== false);
    this.features = COMMON_FEATURES | featureSet(...offered);
    this.queueSizes = rolesOf(this.features).map(() => MAX_QUEUE_SIZE);
    this.targetMib = amount_mib;
    this.config = balloonConfig(amount_mib);
    this.#poll = stats_polling_interval_s > 0 ? new Poll(stats_polling_interval_s, this.askForStatistics) : undefined;
    this.sources = this.#poll ? [this.#poll] : [];
  }

  /** What the guest said last of its memory. */
  get statistics(): ReadonlyMap<StatisticName, number> {
    return this.#statistics.values;
  }

  get pollingSeconds(): number {
    return this.#poll?.seconds ?? 0;
  }

  get hinting(): { readonly host: number; readonly guest: number | undefined } {
    return this.#hints.commands;
  }

  connect(host: DeviceHost): void {
    this.#host = host;
  }

  /** Wants another size of the balloon: the guest gives up memory or takes it back, as fast as it can. */
  setTarget(mib: number): void {
    this.targetMib = mib;
    this.#host?.changeConfig(ConfigOffset.num_pages, pagesOfMib(mib));
  }

  setPollingSeconds(seconds: number): void {
    this.#poll?.set(seconds);
  }

  /** Asks the guest once for all its free memory, which goes back to the host. */
  startHinting(givesBack = true): void {
    this.#command(this.#hints.begin(givesBack));
  }

  stopHinting(): void {
    this.#command(this.#hints.end());
  }

  /** Linux gives its queues numbers in this order, without gaps, by the features both sides agreed on. */
  activate({ memory, features, queues }: VirtioContext): void {
    this.#memory = memory;
    this.#queues = queues;
    this.#roles = rolesOf(features);
  }

  process(index: number): boolean {
    const queue = this.#queues[index];
    const role = this.#roles[index];
    if (!queue || !role || !this.#memory) return false;
    if (role === "statistics") return this.#takeStatistics(queue, this.#memory);
    return serveQueue(queue, this.#chain, REQUESTS_A_TURN, this.#serve[role]);
  }

  configWritten(config: Uint8Array): void {
    this.actualMib = actualMib(config);
  }

  /** Asks the guest for statistics; they come when it has them. Call it through `VirtioBackend.run`. */
  readonly askForStatistics = (): void => {
    const queue = this.#queues[this.#roles.indexOf("statistics")];
    if (queue) this.#statistics.ask(queue);
  };

  reset(): void {
    this.#memory = undefined;
    this.#queues = [];
    this.#roles = [];
    this.#statistics.reset();
    this.#hints.reset();
  }

  readonly #serve: Readonly<Record<Exclude<Role, "statistics">, (chain: DescriptorChain) => number>> = {
    inflate: (chain) => {
      this.counters.inflations++;
      this.#pages.discard(chain, this.#memory!, this.counters);
      return 0;
    },
    deflate: (chain) => {
      this.counters.deflations++;
      this.counters.deflatedPages += countPages(chain);
      return 0;
    },
    hints: (chain) => {
      if (this.#hints.take(chain, this.#memory!, this.counters)) this.#command(this.#hints.end());
      return 0;
    },
    reports: (chain) => {
      this.counters.reports++;
      this.counters.reportedBytes += discardBuffers(chain, this.#memory!, this.counters);
      return 0;
    },
  };

  /** One chain at most stays here: `serveQueue`, which gives each back at once, would not do. */
  #takeStatistics(queue: Queue, memory: GuestMemory): boolean {
    for (let turn = 0; turn < REQUESTS_A_TURN; turn++) {
      if (queue.next(this.#chain)) {
        this.counters.statistics++;
        this.#statistics.take(queue, this.#chain, memory);
      } else if (!queue.resumeNotifications()) return false;
    }
    return true;
  }

  #command(id: number): void {
    this.#host?.changeConfig(ConfigOffset.free_page_hint_cmd_id, word(id));
  }
}

/** What each queue is for, by its number. */
function rolesOf(features: bigint): Role[] {
  const optional = OPTIONAL_ROLES.filter(([, feature]) => hasFeature(features, feature));
  return ["inflate", "deflate", ...optional.map(([role]) => role)];
}

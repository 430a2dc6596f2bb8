/** The control queue (virtio 1.2, section 5.1.6.5): how many queue pairs the driver uses, and nothing else. */
import { addressOf, copyMemory } from "../../../../ffi/memory.ts";
import { copyReadable } from "../queue/bytes.ts";
import { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";
import { serveQueue } from "../queue/serve.ts";
import type { NetCounters } from "./counters.ts";

const VIRTIO_NET_OK = 0;
const VIRTIO_NET_ERR = 1;
const VIRTIO_NET_CTRL_MQ = 4;
const VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET = 0;

/** Class, command, and `virtqueue_pairs` in 16 bits. */
const COMMAND_BYTES = 4;
/** Each may attach and detach queues of the TAP, which waits for the host's network. */
const COMMANDS_A_TURN = 4;

export class ControlQueue {
  readonly #counters: NetCounters;
  readonly #setPairs: (pairs: number) => boolean;
  readonly #chain = new DescriptorChain();
  readonly #command = new Uint8Array(new ArrayBuffer(COMMAND_BYTES));
  readonly #commandAddress = addressOf(this.#command);
  readonly #ack = new Uint8Array(1);
  #queue: Queue | undefined;

  /** @param setPairs makes that many queue pairs work; false when there are not so many */
  constructor(counters: NetCounters, setPairs: (pairs: number) => boolean) {
    this.#counters = counters;
    this.#setPairs = setPairs;
  }

  start(queue: Queue | undefined): void {
    this.#queue = queue;
  }

  stop(): void {
    this.#queue = undefined;
  }

  /** @returns whether there is more than a turn should take */
  process(): boolean {
    return this.#queue !== undefined && serveQueue(this.#queue, this.#chain, COMMANDS_A_TURN, this.#serve);
  }

  readonly #serve = (chain: DescriptorChain): number => {
    const isDone = this.#obey(chain);
    if (isDone) this.#counters.commands++;
    else this.#counters.badCommands++;
    if (chain.writableParts === 0) return 0;
    this.#ack[0] = isDone ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
    copyMemory(chain.addresses[chain.readableParts]!, this.#ack, 1);
    return 1;
  };

  #obey(chain: DescriptorChain): boolean {
    if (chain.readableBytes !== COMMAND_BYTES) return false;
    // Read once: it can change at any moment.
    copyReadable(chain, 0, COMMAND_BYTES, this.#commandAddress);
    const [kind, command, low = 0, high = 0] = this.#command;
    if (kind !== VIRTIO_NET_CTRL_MQ || command !== VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET) return false;
    return this.#setPairs(low | (high << 8));
  }
}

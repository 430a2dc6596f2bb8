import { addressOf } from "../../../../ffi/memory.ts";
import { TimerFd } from "../../../../ffi/timerfd.ts";
import { answering } from "../../mmds/answer.ts";
import type { MmdsCounters } from "../../mmds/counters.ts";
import { LOOK_BYTES, MOST_REPLY_BYTES, Responder } from "../../mmds/net/responder.ts";
import type { MmdsService } from "../../mmds/service.ts";
import type { EventSource } from "../device.ts";
import type { Alarm } from "../limiter/throttle.ts";
import { copyReadable } from "../queue/bytes.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import { HEADER_BYTES, MAX_FRAME_BYTES, VIRTIO_NET_HDR_F_NEEDS_CSUM } from "./frame.ts";

export interface MmdsPortOptions {
  readonly service: MmdsService;
  /** IPv4, as four numbers. */
  readonly address: string;
  readonly mtu: number | undefined;
  readonly counters: MmdsCounters;
  /** There may be frames for the guest that none of its own brought about. */
  readonly deliver: () => void;
  /** For tests. */
  readonly clock?: { readonly alarm: Alarm; readonly now: () => number } | undefined;
}

/**
 * Where the metadata service is on an interface: beside the TAP. Of each frame of the guest's it looks at the destination,
 * in a copy, and takes those that are the service's; what the service owes the guest goes into the receive queue as the
 * TAP's frames do.
 *
 * A frame that the guest changes between this look and the TAP's own goes where the look has sent it: to the TAP, then, and
 * there it is one like any other.
 */
export class MmdsPort {
  /** Its alarm. */
  readonly sources: readonly EventSource[];
  /** Where `write` has put a frame, its header before it. */
  readonly replyAddress: number;
  readonly #incoming = new Uint8Array(new ArrayBuffer(MAX_FRAME_BYTES));
  readonly #incomingAddress = addressOf(this.#incoming);
  /** The header stays zero: nothing is left to the driver, no checksum and no segments. */
  readonly #reply = new Uint8Array(new ArrayBuffer(HEADER_BYTES + MOST_REPLY_BYTES));
  readonly #responder: Responder;

  constructor({ service, address, mtu, counters, deliver, clock }: MmdsPortOptions) {
    const alarm = clock?.alarm ?? TimerFd.create("the metadata service");
    this.replyAddress = addressOf(this.#reply);
    this.#responder = new Responder({
      address: new DataView(Uint8Array.from(address.split("."), Number).buffer).getUint32(0),
      mtu,
      answer: answering(service, counters),
      counters,
      incoming: this.#incoming.subarray(HEADER_BYTES),
      outgoing: this.#reply.subarray(HEADER_BYTES),
      setAlarm: (ns) => alarm.setOnce(ns),
      now: clock?.now,
    });
    const ready = (): void => {
      alarm.take();
      this.#responder.expire();
      deliver();
    };
    this.sources = [{ fd: alarm.fd, ready }];
  }

  /** There may be a frame for the guest. */
  get hasOutput(): boolean {
    return this.#responder.hasOutput;
  }

  /** Takes a packet of the guest's, if it is for the service. @returns whether it was */
  take(chain: DescriptorChain): boolean {
    const bytes = chain.readableBytes;
    const look = Math.min(HEADER_BYTES + LOOK_BYTES, bytes);
    copyReadable(chain, 0, look, this.#incomingAddress);
    if (!this.#responder.isForIt(bytes - HEADER_BYTES)) return false;
    // What was looked at is not read again: it may be another by now.
    copyReadable(chain, look, bytes - look, this.#incomingAddress + look);
    this.#responder.receive(bytes - HEADER_BYTES, (this.#incoming[0]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0);
    return true;
  }

  /** Writes the next packet that the guest is owed, to `replyAddress`. @returns its bytes, 0 for none */
  write(): number {
    const length = this.#responder.write();
    return length === 0 ? 0 : HEADER_BYTES + length;
  }

  /** The driver is gone. */
  reset(): void {
    this.#responder.reset();
  }
}

import { EventFd } from "../../../../ffi/eventfd.ts";
import type { Vhost } from "../../../../ffi/vhost.ts";
import type { VirtioContext, VirtioDevice } from "../device.ts";
import { COMMON_FEATURES, featureSet } from "../features.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import { releaseVrings, setUpVrings } from "../vhost/vrings.ts";
import { vsockConfig } from "./config.ts";
import { VIRTIO_ID_VSOCK, VsockQueue } from "./device.ts";

/** Sockets that keep the boundaries of messages: the host's kernel may have them, volt's own device has not. */
const VIRTIO_VSOCK_F_SEQPACKET = 1;
/** What the host's kernel serves. Events stay with volt, which has none. */
const KERNEL_QUEUES = [VsockQueue.RX, VsockQueue.TX] as const;

/** The socket device whose other end is AF_VSOCK of the host's kernel: data never passes through volt. */
export class VhostVsockDevice implements VirtioDevice {
  readonly name = "vsock";
  readonly interruptsOften = true;
  readonly id = VIRTIO_ID_VSOCK;
  readonly countedAs = "vsock";
  readonly features: bigint;
  readonly queueSizes = [MAX_QUEUE_SIZE, MAX_QUEUE_SIZE, MAX_QUEUE_SIZE];
  readonly kernelQueues = KERNEL_QUEUES;
  readonly config: Uint8Array;
  readonly counters = { activations: 0, ringErrors: 0 };
  readonly sources;
  readonly #vhost: Vhost;
  readonly #error = EventFd.create("vhost-vsock: a ring makes no sense");
  #isRunning = false;

  /** @param vhost knows the CID already; this process becomes its owner. @throws SystemError */
  constructor(guestCid: number, vhost: Vhost) {
    this.config = vsockConfig(guestCid);
    this.features = COMMON_FEATURES | (vhost.features() & featureSet(VIRTIO_VSOCK_F_SEQPACKET));
    this.#vhost = vhost;
    vhost.setOwner();
    this.sources = [{ fd: this.#error.number, ready: () => this.#ringFailed() }];
  }

  /** The kernel uses guest memory as long as it runs. */
  get isBusy(): boolean {
    return this.#isRunning;
  }

  activate(context: VirtioContext): void {
    setUpVrings(this.#vhost, context, KERNEL_QUEUES, this.#error.number);
    this.#vhost.setVsockRunning(true);
    this.#isRunning = true;
    this.counters.activations++;
  }

  /** Only events are kicked here, and a driver that gives buffers for them has done all there is to do. */
  process(): boolean {
    return false;
  }

  /** Once the kernel has stopped, it touches no guest memory any more. */
  reset(): void {
    if (this.#isRunning) this.#vhost.setVsockRunning(false);
    this.#isRunning = false;
    releaseVrings(this.#vhost, KERNEL_QUEUES);
  }

  #ringFailed(): void {
    if (!this.#error.take() || !this.#isRunning) return;
    this.counters.ringErrors++;
    throw new Error("the host's kernel can't make sense of a ring");
  }
}

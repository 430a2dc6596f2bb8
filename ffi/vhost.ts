/** vhost: virtqueues that the host's kernel serves, `/dev/vhost-net` and `/dev/vhost-vsock`. One method an ioctl. */
import { get, io, ior, iow, iowr, layout, pack, put, u32, u64 } from "./abi.ts";
import { check } from "./error.ts";
import type { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

const HEADER = "linux/vhost.h";

export const VRING_STATE = layout("struct vhost_vring_state", HEADER, 8, { index: u32(0), num: u32(4) });
export const VRING_FILE = layout("struct vhost_vring_file", HEADER, 8, { index: u32(0), fd: u32(4) });
export const VRING_ADDR = layout("struct vhost_vring_addr", HEADER, 40, {
  index: u32(0),
  flags: u32(4),
  desc_user_addr: u64(8),
  used_user_addr: u64(16),
  avail_user_addr: u64(24),
});
/** Followed by `nregions` regions. */
export const VHOST_MEMORY = layout("struct vhost_memory", HEADER, 8, { nregions: u32(0) });
export const VHOST_MEMORY_REGION = layout("struct vhost_memory_region", HEADER, 32, {
  guest_phys_addr: u64(0),
  memory_size: u64(8),
  userspace_addr: u64(16),
});

const VHOST_VIRTIO = 0xaf;

export const VhostIoctl = {
  VHOST_GET_FEATURES: ior(VHOST_VIRTIO, 0x00, 8),
  VHOST_SET_FEATURES: iow(VHOST_VIRTIO, 0x00, 8),
  VHOST_SET_OWNER: io(VHOST_VIRTIO, 0x01),
  VHOST_SET_MEM_TABLE: iow(VHOST_VIRTIO, 0x03, VHOST_MEMORY.size),
  VHOST_SET_VRING_NUM: iow(VHOST_VIRTIO, 0x10, VRING_STATE.size),
  VHOST_SET_VRING_ADDR: iow(VHOST_VIRTIO, 0x11, VRING_ADDR.size),
  VHOST_SET_VRING_BASE: iow(VHOST_VIRTIO, 0x12, VRING_STATE.size),
  VHOST_GET_VRING_BASE: iowr(VHOST_VIRTIO, 0x12, VRING_STATE.size),
  VHOST_SET_VRING_KICK: iow(VHOST_VIRTIO, 0x20, VRING_FILE.size),
  VHOST_SET_VRING_CALL: iow(VHOST_VIRTIO, 0x21, VRING_FILE.size),
  VHOST_SET_VRING_ERR: iow(VHOST_VIRTIO, 0x22, VRING_FILE.size),
  VHOST_NET_SET_BACKEND: iow(VHOST_VIRTIO, 0x30, VRING_FILE.size),
  VHOST_VSOCK_SET_GUEST_CID: iow(VHOST_VIRTIO, 0x60, 8),
  VHOST_VSOCK_SET_RUNNING: iow(VHOST_VIRTIO, 0x61, 4),
} as const;

/** In place of a descriptor: none. */
export const VHOST_FILE_UNBIND = -1;

/** Guest memory as the kernel is to find it: bytes, and addresses of the guest's and of this process. */
export interface VhostRegion {
  readonly address: number;
  readonly size: number;
  readonly hostAddress: number;
}

/** Where the three parts of a ring are in this process. */
export interface VringAddresses {
  readonly descriptors: number;
  readonly avail: number;
  readonly used: number;
}

/** One open vhost device. Every method throws SystemError when the kernel refuses. */
export class Vhost implements Disposable {
  readonly fd: Fd;

  constructor(fd: Fd) {
    this.fd = fd;
  }

  /**
   * The kernel serves the rings of the process that calls this, in its memory, for as long as the descriptor is open: not
   * before the last exec. Once a descriptor; a second time is EBUSY.
   */
  setOwner(): void {
    this.#call("VHOST_SET_OWNER", null);
  }

  /** All feature bits this kernel's device knows. */
  features(): bigint {
    const set = new BigUint64Array(1);
    this.#call("VHOST_GET_FEATURES", set);
    return set[0]!;
  }

  /** What the driver agreed to. */
  setFeatures(features: bigint): void {
    this.#call("VHOST_SET_FEATURES", BigUint64Array.of(features));
  }

  setMemoryTable(regions: readonly VhostRegion[]): void {
    const { size } = VHOST_MEMORY;
    const table = new Uint8Array(size + regions.length * VHOST_MEMORY_REGION.size);
    put(table, VHOST_MEMORY.fields.nregions, regions.length);
    regions.forEach((region, i) => {
      const { address: guest_phys_addr, size: memory_size, hostAddress: userspace_addr } = region;
      const entry = pack(VHOST_MEMORY_REGION, { guest_phys_addr, memory_size, userspace_addr });
      table.set(entry, size + i * VHOST_MEMORY_REGION.size);
    });
    this.#call("VHOST_SET_MEM_TABLE", table);
  }

  setVringSize(index: number, num: number): void {
    this.#call("VHOST_SET_VRING_NUM", pack(VRING_STATE, { index, num }));
  }

  /** The next available entry that the kernel takes. */
  setVringBase(index: number, num: number): void {
    this.#call("VHOST_SET_VRING_BASE", pack(VRING_STATE, { index, num }));
  }

  /** The same of a ring that was stopped: where to go on. */
  vringBase(index: number): number {
    const state = pack(VRING_STATE, { index });
    this.#call("VHOST_GET_VRING_BASE", state);
    return get(state, VRING_STATE.fields.num);
  }

  setVringAddresses(index: number, { descriptors, avail, used }: VringAddresses): void {
    const addresses = { desc_user_addr: descriptors, avail_user_addr: avail, used_user_addr: used };
    this.#call("VHOST_SET_VRING_ADDR", pack(VRING_ADDR, { index, ...addresses }));
  }

  /** The eventfd the driver's notifications raise, or VHOST_FILE_UNBIND. */
  setVringKick(index: number, eventFd: number): void {
    this.#bind("VHOST_SET_VRING_KICK", index, eventFd);
  }

  /** The eventfd the kernel raises for the driver, or VHOST_FILE_UNBIND. */
  setVringCall(index: number, eventFd: number): void {
    this.#bind("VHOST_SET_VRING_CALL", index, eventFd);
  }

  /** The eventfd the kernel raises when it can't make sense of a ring, or VHOST_FILE_UNBIND. */
  setVringError(index: number, eventFd: number): void {
    this.#bind("VHOST_SET_VRING_ERR", index, eventFd);
  }

  /** vhost-net: starts a ring on a TAP. VHOST_FILE_UNBIND stops it: what was in flight is home when this returns. */
  setNetBackend(index: number, tap: number): void {
    this.#bind("VHOST_NET_SET_BACKEND", index, tap);
  }

  /** vhost-vsock: EADDRINUSE for the address of another guest. */
  setGuestCid(cid: number): void {
    this.#call("VHOST_VSOCK_SET_GUEST_CID", BigUint64Array.of(BigInt(cid)));
  }

  /** vhost-vsock: starts or stops all rings. */
  setVsockRunning(isRunning: boolean): void {
    this.#call("VHOST_VSOCK_SET_RUNNING", Int32Array.of(isRunning ? 1 : 0));
  }

  #bind(name: keyof typeof VhostIoctl, index: number, fd: number): void {
    this.#call(name, pack(VRING_FILE, { index, fd }));
  }

  #call(name: keyof typeof VhostIoctl, argument: NodeJS.TypedArray | null): void {
    check(libc.ioctl(this.fd.number, VhostIoctl[name], argument), `ioctl(${name})`, this.fd.about);
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}

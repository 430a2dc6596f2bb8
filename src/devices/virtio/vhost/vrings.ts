/** Hands queues to the host's kernel: its threads then read and write the rings, and volt only waits for their end. */
import { VHOST_FILE_UNBIND, type Vhost } from "../../../../ffi/vhost.ts";
import type { GuestMemory } from "../../../memory/guest.ts";
import type { VirtioContext } from "../device.ts";
import { type GuestAddress, toNumber } from "../queue/address.ts";
import { availBytes, descriptorTableBytes, usedBytes } from "../queue/layout.ts";

/**
 * Sets all up but starts nothing: that is the device's own (VHOST_NET_SET_BACKEND, VHOST_VSOCK_SET_RUNNING). Between two
 * drivers everything may be set anew, except the owner.
 *
 * The kernel finds buffers by the memory table, which holds guest RAM and nothing else: what a hostile ring points at
 * outside it fails there, as it would here.
 * @param queues the device's queues that become rings 0, 1, … of this descriptor
 * @param error an eventfd that the kernel raises when a ring makes no sense
 * @param bases where each ring goes on; a driver's first time with one begins at 0
 * @throws Error when the driver left one of the queues out, SystemError when the kernel refuses
 */
export function setUpVrings(
  vhost: Vhost,
  context: VirtioContext,
  queues: readonly number[],
  error: number,
  bases: readonly number[] = [],
): void {
  vhost.setFeatures(context.features & vhost.features());
  vhost.setMemoryTable(context.memory.regions);
  queues.forEach((queue, index) => {
    setUpVring(vhost, context, { queue, index, error, base: bases[index] ?? 0 });
  });
}

/**
 * Takes the descriptors back, once the device has stopped. A kick or an interrupt of the next driver's time must not reach
 * the kernel's rings of this one.
 */
export function releaseVrings(vhost: Vhost, queues: readonly number[]): void {
  queues.forEach((_, index) => {
    vhost.setVringKick(index, VHOST_FILE_UNBIND);
    vhost.setVringCall(index, VHOST_FILE_UNBIND);
  });
}

interface Vring {
  readonly queue: number;
  readonly index: number;
  readonly error: number;
  readonly base: number;
}

function setUpVring(vhost: Vhost, { memory, settings, lines }: VirtioContext, vring: Vring): void {
  const { queue, index, error, base } = vring;
  const { size, isReady, descriptorTable, driverArea, deviceArea } = settings[queue]!;
  if (!isReady) throw new Error(`queue ${queue} is not ready, and the host's kernel is to serve it`);
  vhost.setVringSize(index, size);
  vhost.setVringBase(index, base);
  vhost.setVringAddresses(index, {
    descriptors: hostAddress(memory, descriptorTable, descriptorTableBytes(size)),
    avail: hostAddress(memory, driverArea, availBytes(size)),
    used: hostAddress(memory, deviceArea, usedBytes(size)),
  });
  vhost.setVringError(index, error);
  vhost.setVringCall(index, lines.interrupt!);
  vhost.setVringKick(index, lines.kicks[queue]!);
}

/** The rings were checked to be in RAM before the device was activated; their registers can't change since. */
function hostAddress(memory: GuestMemory, { low, high }: GuestAddress, bytes: number): number {
  const address = memory.hostAddress(toNumber(low, high), bytes);
  if (address < 0) throw new Error("unreachable: a ring was checked, and is outside RAM");
  return address;
}

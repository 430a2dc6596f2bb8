import { Fd } from "../../../ffi/fd.ts";
import { Vhost, type VhostRegion, type VringAddresses } from "../../../ffi/vhost.ts";

/** Stands for the host kernel's vhost, which is not on every machine: writes down what it is told. */
export class RecordingVhost extends Vhost {
  readonly calls: (readonly [name: string, ...values: readonly unknown[]])[] = [];
  /** How far it got in each ring: what `vringBase` answers once the ring is stopped. */
  readonly bases: number[] = [];
  /** What this kernel knows. */
  readonly offered: bigint;

  constructor(offered: bigint) {
    super(new Fd(-1, "a recording vhost"));
    this.offered = offered;
  }

  override setOwner(): void {
    this.calls.push(["owner"]);
  }
  override features(): bigint {
    return this.offered;
  }
  override setFeatures(features: bigint): void {
    this.calls.push(["features", features]);
  }
  override setMemoryTable(regions: readonly VhostRegion[]): void {
    this.calls.push(["memory", regions]);
  }
  override setVringSize(index: number, num: number): void {
    this.calls.push(["size", index, num]);
  }
  override setVringBase(index: number, num: number): void {
    this.calls.push(["base", index, num]);
  }
  override vringBase(index: number): number {
    this.calls.push(["get base", index]);
    return this.bases[index] ?? 0;
  }
  override setVringAddresses(index: number, addresses: VringAddresses): void {
    this.calls.push(["addresses", index, addresses]);
  }
  override setVringKick(index: number, eventFd: number): void {
    this.calls.push(["kick", index, eventFd]);
  }
  override setVringCall(index: number, eventFd: number): void {
    this.calls.push(["call", index, eventFd]);
  }
  override setVringError(index: number, eventFd: number): void {
    this.calls.push(["error", index, eventFd]);
  }
  override setNetBackend(index: number, tap: number): void {
    this.calls.push(["net backend", index, tap]);
  }
  override setGuestCid(cid: number): void {
    this.calls.push(["guest cid", cid]);
  }
  override setVsockRunning(isRunning: boolean): void {
    this.calls.push(["vsock running", isRunning]);
  }
}

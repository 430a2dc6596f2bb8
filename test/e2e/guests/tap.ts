/** TAP devices on the host that runs guests, and the other end of their connections. */
import type { Host, RunningCommand } from "../../testbed/command.ts";
import { sharedHost } from "../../testbed/shared.ts";

let made = 0;

export interface TapOptions {
  /** Of the TAP itself. */
  readonly mtu?: number;
  readonly multiQueue?: boolean;
}

/** A TAP that is up, with the host's end of a network of its own (RFC 2544's, where nothing real is). */
export class GuestTap implements AsyncDisposable {
  readonly name: string;
  /** Addresses of the two ends. */
  readonly host: string;
  readonly guest: string;
  readonly #machine: Host;

  private constructor(machine: Host, number: number) {
    this.#machine = machine;
    this.name = `vg${process.pid}x${number}`;
    this.host = `198.19.${number}.1`;
    this.guest = `198.19.${number}.2`;
  }

  static async create({ mtu = 1500, multiQueue = false }: TapOptions = {}): Promise<GuestTap> {
    const tap = new GuestTap(await sharedHost(), ++made);
    const { name } = tap;
    await tap.run(
      `ip tuntap add ${name} mode tap ${multiQueue ? "multi_queue" : ""} && ip link set ${name} mtu ${mtu} up &&
       ip addr add ${tap.host}/24 dev ${name}`,
    );
    return tap;
  }

  /** The guest's shell gives its card the address, and waits until the host answers. */
  get setUp(): string {
    return `ip addr add ${this.guest}/24 dev eth0 && ip link set eth0 up && ping -q -c 1 -W 10 ${this.host} >/dev/null`;
  }

  /**
   * The guest's shell sends `count` pings of so many bytes, each after the answer to the last, and says "N answers". One by
   * one, because busybox's ping gives up on its last packet after two round trips, and one may take a second here.
   */
  pings(count: number, bytes = 56): string {
    const one = `ping -q -c 1 -W 20 -s ${bytes} ${this.host} >/dev/null`;
    return `(n=0; for i in $(seq ${count}); do ${one} && n=$((n+1)); done; echo $n answers)`;
  }

  /** A command on the host: its stdout. Throws when it fails. */
  async run(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.#machine.run(["sh", "-c", script]);
    if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
    return stdout.toString();
  }

  /** One that goes on meanwhile. */
  start(script: string, timeoutMs = 240_000): RunningCommand {
    return this.#machine.start(["sh", "-c", script], { timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(`ip link del ${this.name} 2>/dev/null || true`);
  }
}

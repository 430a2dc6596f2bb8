/** TAP devices of this machine for tests, where it allows that: root, /dev/net/tun, and `ip`. */
import { readFileSync } from "node:fs";

let made = 0;

/** Whether a TAP can be made here. */
export const canMakeTaps: boolean = (() => {
  const name = nextName();
  if (ip("tuntap", "add", name, "mode", "tap") !== "") return false;
  ip("link", "del", name);
  return true;
})();

/** A persistent TAP with a name that nobody else has, and an address where nothing real is (RFC 2544). */
export class HostTap implements Disposable {
  readonly name = nextName();
  /** The network is 198.18.NUMBER.0/24, the host's end 1. */
  readonly network = `198.18.${(process.pid + made) % 256}`;

  /** @param words more for `ip tuntap add`: `multi_queue`; `mode tun` in place of a TAP */
  constructor(...words: readonly string[]) {
    const mode = words.includes("mode") ? [] : ["mode", "tap"];
    must(ip("tuntap", "add", this.name, ...mode, ...words));
  }

  /** Gives it its address, and brings it up. A peer with this MAC is at address 2. */
  up(peer: string): void {
    must(ip("addr", "add", `${this.network}.1/24`, "dev", this.name));
    must(ip("link", "set", this.name, "up"));
    must(ip("neigh", "add", `${this.network}.2`, "lladdr", peer, "dev", this.name));
  }

  /** Of /sys/class/net/NAME/statistics. */
  statistic(name: string): number {
    return Number(readFileSync(`/sys/class/net/${this.name}/statistics/${name}`, "utf8"));
  }

  delete(): void {
    ip("link", "del", this.name);
  }

  [Symbol.dispose](): void {
    this.delete();
  }
}

function nextName(): string {
  return `vt${process.pid}x${made++}`;
}

/** @returns what it complained of */
function ip(...words: readonly string[]): string {
  try {
    const { exitCode, stderr } = Bun.spawnSync(["ip", ...words], {
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
    });
    return exitCode === 0 ? "" : stderr.toString() || `status ${exitCode}`;
  } catch (error) {
    return String(error);
  }
}

function must(complaint: string): void {
  if (complaint !== "") throw new Error(`ip: ${complaint}`);
}

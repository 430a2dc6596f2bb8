/** The monitors that can be compared, volt first, and which of them are here. */
import { cloudHypervisor } from "./cloud-hypervisor.ts";
import { crosvm } from "./crosvm.ts";
import { firecracker } from "./firecracker.ts";
import { lkvm } from "./lkvm.ts";
import type { GuestSpec, Peer } from "./peer.ts";
import { qemu } from "./qemu.ts";
import { volt } from "./volt.ts";

export const PEERS: readonly Peer[] = [volt, qemu, lkvm, firecracker, cloudHypervisor, crosvm];

/** A monitor that is here. */
export interface Contender {
  readonly name: string;
  readonly path: string;
  /** The first line of what it says of its version. */
  readonly version: string;
  readonly command: (guest: GuestSpec, scratch: string) => readonly string[] | undefined;
}

/**
 * @param paths where a monitor is that is not in PATH, or that should not be taken from there, by its name; `volt@old` is
 *   one more volt, to compare two builds of it
 * @returns who is here, and the names of who is not
 */
export function findContenders(paths: ReadonlyMap<string, string>): { present: Contender[]; absent: string[] } {
  const present: Contender[] = [];
  const absent: string[] = [];
  for (const peer of PEERS) {
    const further = [...paths].filter(([name]) => name.startsWith(`${peer.name}@`));
    for (const [name, given] of [[peer.name, paths.get(peer.name)] as const, ...further]) {
      const path = given ?? Bun.which(peer.program) ?? undefined;
      const version = path && versionOf(path, peer.versionFlag);
      if (path && version !== undefined)
        present.push({ name, path, version, command: (guest, scratch) => peer.command(path, guest, scratch) });
      else absent.push(name);
    }
  }
  return { present, absent };
}

/** @returns undefined when it does not even say that */
function versionOf(path: string, flag: string): string | undefined {
  try {
    const { success, stdout } = Bun.spawnSync([path, flag], { timeout: 10_000 });
    return success ? stdout.toString().split("\n")[0] : undefined;
  } catch {
    return undefined;
  }
}

/** A Linux guest for programs that think they start Firecracker: its initrd, with an agent that they reach by vsock. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseInitramfs } from "../../../guest/build.ts";
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import { cpio } from "../../../src/boot/cpio.ts";
import { runArchive } from "../../../src/boot/initramfs.ts";
import { selectModules } from "../../../src/boot/modules.ts";
import type { RunningVolt } from "./volt.ts";
import { peer } from "./vsock/peer.ts";

const MODULES = ["virtio_mmio", "virtio_blk", "virtio_net", "virtio_balloon", "vmw_vsock_virtio_transport"];
/** VMADDR_CID_ANY, to listen at. */
const ANY = 4_294_967_295;

/** Linux unpacks archives that follow each other: volt's own user land, modules, and one command. @returns its path */
export async function writeInitrd(script: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "volt-engine-"));
  const base = join(folder, "base.cpio");
  baseInitramfs(base);
  const program = cpio([{ kind: "file", path: "peer", mode: 0o755, data: peer().bytes }]);
  const modules = selectModules(readFileSync((await stockKernel()).modules), { load: MODULES, offer: [] });
  const command = runArchive({ argv: ["sh", "-c", script], terminal: false });
  const path = join(folder, "initrd.cpio");
  writeFileSync(path, Buffer.concat([readFileSync(base), modules, program, command]));
  return path;
}

/** The agent: a shell for each connection to a port. */
export const agentAt = (port: number) => `/peer serve vsock:${ANY}:${port} /bin/sh`;

/** What the agent's shell prints for a script; asks again until there is one, as engines do. @param socket the vsock's */
export async function agentSays(vm: RunningVolt, socket: string, port: number, script: string): Promise<string> {
  const call = `${peer().path} call at:${socket}:${port}`;
  return await vm.onHost(`until printf %s '${script}' | ${call} 2>/dev/null; do sleep 0.5; done`);
}

/** volt's own initramfs: what was built in, the kernel's modules, and the command to run. */
import embedded from "../../dist/guest/initramfs.cpio" with { type: "file" };
import { Fd } from "../../ffi/fd.ts";
import { runArchive } from "../boot/initramfs.ts";
import { selectModules, type WantedModules } from "../boot/modules.ts";
import { awaitsReader } from "../config/user-land.ts";
import { hasStdioPorts, STDIO_PORTS } from "../devices/virtio/console/stdio.ts";
import { PORTS } from "./layout.ts";
import type { Plan } from "./plan.ts";
import type { UserLand } from "./user-land.ts";

/** The power button's path into the guest, and a panic's out of it. */
const CHIP_MODULES = ["button", "evdev", "pvpanic-mmio"];
/** The host's time as a PTP clock: there for a guest that keeps its own by it, and then asks for the module. */
const OFFERED_MODULES = ["ptp_kvm"];

/**
 * Linux unpacks archives that follow each other; later files win.
 * @param wanted the modules of the VM's devices
 */
export function defaultInitramfs(plan: Plan, land: UserLand, wanted: WantedModules): Uint8Array[] {
  const { command = [], id } = plan.config.volt;
  const terminal = (plan.stdin.isTerminal && plan.stdout.isTerminal) || awaitsReader(plan.config);
  const run = runArchive({
    argv: command,
    env: plan.term && terminal ? { TERM: plan.term } : {},
    // A disk's own init finds the console as a kernel leaves it: with line editing.
    terminal: terminal || !land.ownInitStays,
    ...(land.root ? { root: land.root } : {}),
    ...(plan.window ?? {}),
    ...(id === undefined ? {} : { hostname: id }),
    readyPort: PORTS.bootTimer.first,
    ...(plan.config.volt.console === "virtio" ? { console: "hvc0" } : {}),
    ...(hasStdioPorts(plan.devices) ? { ports: STDIO_PORTS } : {}),
  });
  // The embedded file has no descriptor, so only node:fs reads it at once; 2 ms to load, which other guests need not pay.
  const { readFileSync } = process.getBuiltinModule("node:fs");
  return [readFileSync(embedded), ...modules(plan, wanted), run];
}

function modules({ modules: file }: Plan, { load, offer }: WantedModules): Uint8Array[] {
  if (!file) return [];
  const archive = new Fd(file.fd, file.name).readAt(0, file.size);
  return [selectModules(archive, { load: [...CHIP_MODULES, ...load], offer: [...OFFERED_MODULES, ...offer] })];
}

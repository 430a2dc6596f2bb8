/** volt's own initramfs: what was built in, the kernel's modules, and the command to run. */
import embedded from "../../dist/guest/initramfs.cpio" with { type: "file" };
import { Fd } from "../../ffi/fd.ts";
import { runArchive } from "../boot/initramfs.ts";
import { STDIO_PORTS } from "../devices/virtio/console/kind.ts";
import { PORTS } from "./layout.ts";
import type { Plan } from "./plan.ts";

/** Linux unpacks archives that follow each other; later files win. */
export function defaultInitramfs(plan: Plan): Uint8Array[] {
  const { command = [], id } = plan.config.volt;
  const terminal = plan.stdin.isTerminal && plan.stdout.isTerminal;
  const run = runArchive({
    argv: command,
    env: plan.term && terminal ? { TERM: plan.term } : {},
    terminal,
    ...(plan.window ?? {}),
    ...(id === undefined ? {} : { hostname: id }),
    readyPort: PORTS.bootTimer.first,
    ...(plan.config.volt.console === "virtio" ? { console: "hvc0", ports: STDIO_PORTS } : {}),
  });
  // The embedded file has no descriptor, so only node:fs reads it at once; 2 ms to load, which other guests need not pay.
  const { readFileSync } = process.getBuiltinModule("node:fs");
  return [readFileSync(embedded), ...modules(plan), run];
}

function modules({ modules: file }: Plan): Uint8Array[] {
  return file ? [new Fd(file.fd, file.name).readAt(0, file.size)] : [];
}

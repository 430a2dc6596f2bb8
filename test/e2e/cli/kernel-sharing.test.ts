/** A kernel of the store whose pages are mapped: VMs that run it have one copy between them. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { assemble } from "../../kvm/tiny/assemble.ts";
import { buildElf } from "../../unit/boot/fixtures.ts";
import { RunningVolt } from "./process.ts";
import { END, print, TINY_KERNEL_ADDRESS } from "./tiny-kernel.ts";
import { Folder, volt } from "./volt.ts";

const VMS = 10;
const KIB = 1024;
/** Below its data the kernel's code has a page. */
const CODE_BYTES = 4 * KIB;
const DATA_BYTES = 2048 * KIB;

test("ten VMs of one kernel share its pages", async () => {
  using folder = new Folder();
  const env = { VOLT_HOME: folder.file("home") };
  // It reads a byte of each of its pages, as a guest's kernel does in time.
  const data = TINY_KERNEL_ADDRESS + CODE_BYTES;
  const read = `mov rsi, ${data}; 3: mov al, [rsi]; add rsi, 4096; cmp rsi, ${data + DATA_BYTES}; jb 3b;`;
  const bytes = Buffer.alloc(CODE_BYTES + DATA_BYTES, 0x5a);
  assemble(read + print("up") + END.halt, 64, TINY_KERNEL_ADDRESS).forEach((byte, at) => {
    bytes[at] = byte;
  });
  writeFileSync(folder.file("kernel"), buildElf(TINY_KERNEL_ADDRESS, [{ address: TINY_KERNEL_ADDRESS, bytes }]));
  writeFileSync(folder.file("initrd"), "no program");
  const added = await volt(["kernel", "add", folder.file("kernel"), "--name", "tiny"], { env });
  expect(added.status).toBe(0);

  await using vms = new AsyncDisposableStack();
  const run = ["run", "--kernel", "tiny", "--load", "map", "--initrd", folder.file("initrd"), "--memory", "32M"];
  const running = Array.from({ length: VMS }, () => vms.use(new RunningVolt(run, { env })));
  for (const vm of running) await vm.printed("up");

  const kernels = running.map((vm) => kernelPages(vm.pid));
  for (const { resident, dirty } of kernels) {
    expect(resident).toBeGreaterThanOrEqual(DATA_BYTES / KIB);
    expect(dirty).toBe(0);
  }
  // What each has in proportion: all of them together have one copy, and a little where pages are not shared by all.
  const together = kernels.reduce((sum, { proportional }) => sum + proportional, 0);
  expect(together).toBeLessThan((1.5 * DATA_BYTES) / KIB);
});

/** Of the mappings of the store's file, in KiB. */
function kernelPages(pid: number) {
  const mappings = readFileSync(`/proc/${pid}/smaps`, "utf8")
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((mapping) => /\/vmlinux$/m.test(mapping));
  const sum = (name: string) =>
    mappings.reduce((total, mapping) => total + Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(mapping)?.[1]), 0);
  return { resident: sum("Rss"), proportional: sum("Pss"), dirty: sum("Private_Dirty") };
}

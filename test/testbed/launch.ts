import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prepared } from "./prepare.ts";

export type MachineSize = { readonly cpus: number; readonly memoryMiB: number };

/** Where one machine's sockets and its share are. The keeper removes the folder. */
export type MachineFolder = {
  readonly folder: string;
  readonly share: string;
  readonly portSocket: string;
};

export function makeMachineFolder(): MachineFolder {
  const folder = mkdtempSync(join(tmpdir(), "volt-nested-"));
  const share = join(folder, "share");
  // It becomes part of a kernel command line and of QEMU's options, where blanks and commas end a value.
  if (!/^[\w./-]+$/.test(folder))
    throw new Error(`${folder}: set TMPDIR to a path of letters, digits, '.', '_' and '-'`);
  chmodSync(folder, 0o755); // a command may run as any user and has to reach the share
  mkdirSync(share);
  return { folder, share, portSocket: join(folder, "port") };
}

/** Starts the processes of a machine. The end of the keeper's stdin is the end of them all: see keeper.sh. */
export function launchKeeper(prepared: Prepared, { folder, share, portSocket }: MachineFolder, size: MachineSize) {
  const { tools } = prepared;
  const root = join(folder, "root.fs");
  const shared = join(folder, "share.fs");
  const keeper = [join(import.meta.dir, "keeper.sh"), folder, tools.virtiofsd, root, share, shared];
  const qemu = [...prepared.qemu, ...qemuArguments(prepared, { root, shared, portSocket, share }, size)];
  // A session of its own: a Ctrl-C in the terminal is for us alone, the keeper needs its time to clear up.
  return Bun.spawn(["sh", ...keeper, ...qemu], { stdin: "pipe", stdout: "pipe", stderr: "pipe", detached: true });
}

export type Keeper = ReturnType<typeof launchKeeper>;

/**
 * -cpu max without -accel kvm emulates AMD's SVM with nested paging, so Linux's own kvm_amd loads in there.
 * The kernel options save time that emulation makes long: no moving of the kernel, no clock and timer calibration.
 */
function qemuArguments(
  prepared: Prepared,
  paths: { readonly root: string; readonly shared: string; readonly portSocket: string; readonly share: string },
  { cpus, memoryMiB }: MachineSize,
): string[] {
  const kernelOptions = [
    ...["console=ttyS0", "quiet", "panic=-1", "reboot=t", `testbed.share=${paths.share}`, "lsm=landlock,yama"],
    ...["nokaslr", "mitigations=off", "tsc=reliable", "no_timer_check", "cryptomgr.notests", "random.trust_cpu=on"],
  ];
  return [
    ...["-nodefaults", "-no-user-config", "-nographic", "-no-reboot"],
    ...["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,la57=off", "-smp", `${cpus}`, "-m", `${memoryMiB}`],
    // Shared, because virtiofsd reads and writes the machine's memory itself.
    ...["-M", "q35,memory-backend=memory", "-object", `memory-backend-memfd,id=memory,size=${memoryMiB}M,share=on`],
    ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    ...["-device", "virtio-serial-pci", "-chardev", `socket,id=port,path=${paths.portSocket}`],
    ...["-device", "virtserialport,chardev=port,nr=1", "-device", "virtio-rng-pci"],
    ...["-chardev", `socket,id=root,path=${paths.root}`, "-device", "vhost-user-fs-pci,chardev=root,tag=hostroot"],
    ...["-chardev", `socket,id=share,path=${paths.shared}`, "-device", "vhost-user-fs-pci,chardev=share,tag=share"],
    ...["-kernel", prepared.vmlinuz, "-initrd", prepared.initramfs, "-append", kernelOptions.join(" ")],
  ];
}

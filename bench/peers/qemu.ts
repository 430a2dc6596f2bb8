import type { Peer } from "./peer.ts";

/** QEMU's microvm machine, with everything off that its documentation says costs boot time. */
export const qemu: Peer = {
  name: "qemu",
  program: "qemu-system-x86_64",
  versionFlag: "--version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus }) {
    const machine = "microvm,x-option-roms=off,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off";
    return [
      ...[path, "-M", machine, "-accel", "kvm", "-cpu", "host", "-m", `${memoryMiB}M`, "-smp", String(cpus)],
      ...["-nodefaults", "-no-user-config", "-nographic", "-serial", "stdio", "-no-reboot"],
      ...["-kernel", kernel, "-append", commandLine, ...(initrd === undefined ? [] : ["-initrd", initrd])],
    ];
  },
};

import type { Peer } from "./peer.ts";

/**
 * QEMU's microvm machine, with everything off that its documentation says costs boot time. ACPI stays: without it and
 * without a PIC there are no interrupts, and Linux finds its devices there.
 */
export const qemu: Peer = {
  name: "qemu",
  program: "qemu-system-x86_64",
  versionFlag: "--version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus, disk, tap, vsock, vhost }) {
    const machine = "microvm,x-option-roms=off,pit=off,pic=off,rtc=off,isa-serial=on";
    return [
      ...[path, "-M", machine, "-accel", "kvm", "-cpu", "host", "-m", `${memoryMiB}M`, "-smp", String(cpus)],
      ...["-nodefaults", "-no-user-config", "-nographic", "-serial", "stdio", "-no-reboot"],
      ...["-kernel", kernel, "-append", commandLine, ...(initrd === undefined ? [] : ["-initrd", initrd])],
      ...(disk === undefined ? [] : diskFlags(disk)),
      ...(tap === undefined ? [] : netFlags(tap, vhost === true)),
      // QEMU has no other.
      ...(vsock ? ["-device", `vhost-vsock-device,guest-cid=${vsock.cid}`] : []),
    ];
  },
};

/** Durable as volt's default is (cache=writeback), and by the fastest way to the file that QEMU has. */
function diskFlags(path: string): string[] {
  const drive = `id=disk,file=${path},format=raw,if=none,cache=writeback,aio=io_uring`;
  return ["-drive", drive, "-device", "virtio-blk-device,drive=disk"];
}

function netFlags(tap: string, vhost: boolean): string[] {
  const backend = `tap,id=net,ifname=${tap},script=no,downscript=no,vhost=${vhost ? "on" : "off"}`;
  return ["-netdev", backend, "-device", "virtio-net-device,netdev=net"];
}

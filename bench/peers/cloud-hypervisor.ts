import type { Peer } from "./peer.ts";

export const cloudHypervisor: Peer = {
  name: "cloud-hypervisor",
  program: "cloud-hypervisor",
  versionFlag: "--version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus, disk }) {
    return [
      ...[path, "--kernel", kernel, "--cmdline", commandLine, "--memory", `size=${memoryMiB}M`],
      ...["--cpus", `boot=${cpus}`, "--serial", "tty", "--console", "off"],
      ...(initrd === undefined ? [] : ["--initramfs", initrd]),
      ...(disk === undefined ? [] : ["--disk", `path=${disk}`]),
    ];
  },
};

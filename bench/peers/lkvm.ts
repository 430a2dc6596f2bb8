import type { Peer } from "./peer.ts";

/** kvmtool. It knows bzImages and flat code, no ELF files. */
export const lkvm: Peer = {
  name: "lkvm",
  program: "lkvm",
  versionFlag: "version",
  command(path, { bzImage, flat, initrd, commandLine, memoryMiB, cpus, disk }) {
    const kernel = bzImage ?? flat;
    if (kernel === undefined) return undefined;
    return [
      ...[path, "run", "--kernel", kernel, "--params", commandLine, "--mem", String(memoryMiB), "--cpus", String(cpus)],
      ...["--console", "serial", ...(initrd === undefined ? [] : ["--initrd", initrd])],
      ...(disk === undefined ? [] : ["--disk", disk]),
    ];
  },
};

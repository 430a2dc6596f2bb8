import type { Peer } from "./peer.ts";

/** kvmtool. It knows bzImages and flat code, no ELF files. */
export const lkvm: Peer = {
  name: "lkvm",
  program: "lkvm",
  versionFlag: "version",
  command(path, { bzImage, initrd, commandLine, memoryMiB, cpus, disk }) {
    if (bzImage === undefined) return undefined;
    return [
      ...[
        path,
        "run",
        "--kernel",
        bzImage,
        "--params",
        commandLine,
        "--mem",
        String(memoryMiB),
        "--cpus",
        String(cpus),
      ],
      ...["--console", "serial", ...(initrd === undefined ? [] : ["--initrd", initrd])],
      ...(disk === undefined ? [] : ["--disk", disk]),
    ];
  },
};

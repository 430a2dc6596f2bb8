import type { Peer } from "./peer.ts";

export const crosvm: Peer = {
  name: "crosvm",
  program: "crosvm",
  versionFlag: "version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus, disk }) {
    return [
      ...[path, "run", "--mem", String(memoryMiB), "--cpus", String(cpus), "--params", commandLine],
      ...(disk === undefined ? [] : ["--block", `path=${disk}`]),
      ...[
        "--serial",
        "type=stdout,hardware=serial,num=1",
        ...(initrd === undefined ? [] : ["--initrd", initrd]),
        kernel,
      ],
    ];
  },
};

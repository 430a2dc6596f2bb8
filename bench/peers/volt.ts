import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peer.ts";

export const volt: Peer = {
  name: "volt",
  program: "volt",
  versionFlag: "version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus, disk, tap, vsock, vhost }, scratch) {
    return [
      ...[path, "run", "--kernel", kernel, "--initrd", initrd ?? noInitrd(scratch), "--cmdline", commandLine],
      ...["--memory", `${memoryMiB}M`, "--cpus", String(cpus)],
      ...(disk === undefined ? [] : ["--disk", disk]),
      ...(tap === undefined ? [] : ["--net", `tap=${tap}${vhost ? ",vhost" : ""}`]),
      ...(vsock ? ["--vsock", `cid=${vsock.cid},${vhost ? "vhost" : `path=${vsock.socket}`}`] : []),
    ];
  },
};

/** Without an initrd volt would give the guest its own, which the others do not carry: a byte that is no archive. */
function noInitrd(scratch: string): string {
  const path = join(scratch, "no-initrd");
  writeFileSync(path, "\0");
  return path;
}

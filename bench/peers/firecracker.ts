import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peer.ts";

export const firecracker: Peer = {
  name: "firecracker",
  program: "firecracker",
  versionFlag: "--version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus, disk }, scratch) {
    const bootSource = { kernel_image_path: kernel, boot_args: commandLine };
    const text = JSON.stringify({
      "boot-source": initrd === undefined ? bootSource : { ...bootSource, initrd_path: initrd },
      "machine-config": { vcpu_count: cpus, mem_size_mib: memoryMiB },
      drives: disk === undefined ? [] : [{ drive_id: "disk", path_on_host: disk, is_root_device: false }],
    });
    // A file of its own for each guest: a nested machine does not see that one changes.
    const config = join(scratch, `firecracker-${Bun.hash(text).toString(16)}.json`);
    writeFileSync(config, text);
    return [path, "--no-api", "--config-file", config];
  },
};

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peer.ts";

export const firecracker: Peer = {
  name: "firecracker",
  program: "firecracker",
  versionFlag: "--version",
  command(path, { kernel, initrd, commandLine, memoryMiB, cpus, disk }, scratch) {
    const config = join(scratch, "firecracker.json");
    const bootSource = { kernel_image_path: kernel, boot_args: commandLine };
    writeFileSync(
      config,
      JSON.stringify({
        "boot-source": initrd === undefined ? bootSource : { ...bootSource, initrd_path: initrd },
        "machine-config": { vcpu_count: cpus, mem_size_mib: memoryMiB },
        drives: disk === undefined ? [] : [{ drive_id: "disk", path_on_host: disk, is_root_device: false }],
      }),
    );
    return [path, "--no-api", "--config-file", config];
  },
};

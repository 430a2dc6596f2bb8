import type { DiskControls } from "../controls.ts";
import type { Throttle } from "../limiter/throttle.ts";
import type { Disk } from "./disk.ts";

/** @param replaceFile the device's own */
export function diskControls(disk: Disk, throttle: Throttle, replaceFile: DiskControls["replaceFile"]): DiskControls {
  return {
    kind: "disk",
    get path() {
      return disk.file.about;
    },
    get limits() {
      return throttle.limits;
    },
    limit: (limits) => throttle.update(limits),
    replaceFile,
  };
}

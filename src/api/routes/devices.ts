/** Changes to the disks and network cards of a machine that runs. */
import type { DiskControls } from "../../devices/virtio/controls.ts";
import type { MachineControl } from "../../machine/control.ts";
import { parseBody } from "../body.ts";
import type { HttpResponse } from "../http/response.ts";
import { type Call, checkId, fault, type Later, NO_CONTENT, whenDone } from "../router.ts";
import { drivePatchBody, interfacePatchBody } from "./bodies.ts";

/** Firecracker's order: first the file, then the limits. */
export function patchDrive(control: MachineControl, call: Call): HttpResponse | Later {
  const { drive_id, path_on_host, rate_limiter } = parseBody(drivePatchBody, call.body ?? "");
  checkId(call, drive_id);
  const prefix = "Unable to patch the block device";
  const limit = (disk: DiskControls) => update(() => rate_limiter && disk.limit(rate_limiter), prefix);
  return reported(prefix, () => {
    const disk = control.disk(drive_id);
    if (path_on_host === undefined) {
      if (rate_limiter === undefined) throw new Error("Running method expected different backend.");
      return limit(disk);
    }
    return whenDone((reply) =>
      disk.replaceFile(path_on_host, (problem) =>
        reply(problem === undefined ? limit(disk) : refused(prefix, problem)),
      ),
    );
  });
}

export function patchInterface(control: MachineControl, call: Call): HttpResponse {
  const { iface_id, rx_rate_limiter, tx_rate_limiter } = parseBody(interfacePatchBody, call.body ?? "");
  checkId(call, iface_id);
  return update(() => {
    const card = control.networkInterface(iface_id);
    if (rx_rate_limiter) card.limit("receive", rx_rate_limiter);
    if (tx_rate_limiter) card.limit("transmit", tx_rate_limiter);
  }, "Unable to patch the network device");
}

function update(change: () => unknown, prefix: string): HttpResponse {
  return reported(prefix, () => {
    change();
    return NO_CONTENT;
  });
}

function reported<T>(prefix: string, change: () => T): T | HttpResponse {
  try {
    return change();
  } catch (error) {
    return refused(prefix, (error as Error).message);
  }
}

function refused(prefix: string, problem: string): HttpResponse {
  return fault(`${prefix}: ${problem}${problem.endsWith(".") ? "" : "."} Please verify the request arguments.`);
}

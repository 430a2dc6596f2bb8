/** Changes to the disks and network cards of a machine that runs. */
import type { MachineControl } from "../../machine/control.ts";
import { parseBody } from "../body.ts";
import type { HttpResponse } from "../http/response.ts";
import { type Call, checkId, Fault, NO_CONTENT } from "../router.ts";
import { drivePatchBody, interfacePatchBody } from "./bodies.ts";

/** The same file again: its size is looked at anew. Another one can't be opened inside the sandbox. */
export function patchDrive(control: MachineControl, call: Call): HttpResponse {
  const { drive_id, path_on_host, rate_limiter } = parseBody(drivePatchBody, call.body ?? "");
  checkId(call, drive_id);
  return update(() => {
    const drive = control.config.drives.find((one) => one.drive_id === drive_id);
    const disk = control.disk(drive_id);
    if (path_on_host !== undefined && path_on_host !== drive?.path_on_host) {
      throw new Error("volt does not put another file behind a disk yet");
    }
    if (path_on_host === undefined && rate_limiter === undefined) {
      throw new Error("Running method expected different backend.");
    }
    if (rate_limiter) disk.limit(rate_limiter);
    if (path_on_host !== undefined) disk.resize();
  }, "Unable to patch the block device");
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

function update(change: () => void, prefix: string): HttpResponse {
  try {
    change();
  } catch (error) {
    throw new Fault(`${prefix}: ${(error as Error).message} Please verify the request arguments.`);
  }
  return NO_CONTENT;
}

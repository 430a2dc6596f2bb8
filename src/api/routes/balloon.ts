/** The balloon of a machine that runs. */
import type { BalloonControls } from "../../devices/virtio/controls.ts";
import { ControlError, type MachineControl } from "../../machine/control.ts";
import { parseBody } from "../body.ts";
import type { HttpResponse } from "../http/response.ts";
import { type Call, Fault, json, NO_CONTENT, NOT_AFTER_START, type Routes, refuse } from "../router.ts";
import { balloonPatchBody, balloonStatisticsBody, hintingBody } from "./bodies.ts";

const PAGES_A_MIB = 256;
const NO_BALLOON = "No balloon device found.";

export function balloonRoutes(control: MachineControl): Routes {
  return {
    "GET balloon": ({ path }) => get(control, path),
    "PUT balloon": refuse(NOT_AFTER_START),
    "PATCH balloon": (call) => patch(control, call),
  };
}

function get(control: MachineControl, path: readonly string[]): HttpResponse {
  const device = deviceOf(control, "Balloon config error");
  switch (path.slice(1).join("/")) {
    case "":
      return json({ ...control.config.balloon, amount_mib: device.targetMib });
    case "statistics":
      return json(statistics(control, device));
    case "hinting/status":
      throw new Fault("volt does not have the status of hinting yet.");
    default:
      throw new Fault("Invalid request method and/or path: GET balloon.");
  }
}

function patch(control: MachineControl, call: Call): HttpResponse {
  const device = deviceOf(control, "Balloon update error");
  switch (call.path.slice(1).join("/")) {
    case "":
      return resize(control, device, parseBody(balloonPatchBody, call.body ?? "").amount_mib);
    case "statistics":
      return setInterval(control, parseBody(balloonStatisticsBody, call.body ?? "").stats_polling_interval_s);
    case "hinting/start":
      return startHinting(control, device, call.body);
    case "hinting/stop":
      throw new Fault("volt does not stop hinting yet: it ends by itself.");
    default:
      throw new Fault("Invalid request method and/or path: PATCH balloon.");
  }
}

function resize(control: MachineControl, device: BalloonControls, mib: number): HttpResponse {
  const most = control.config["machine-config"].mem_size_mib;
  if (mib > most) throw new Fault(`Balloon update error: Requested memory should be less than ${most}MiB`);
  device.setTarget(mib);
  return NO_CONTENT;
}

function setInterval({ config }: MachineControl, seconds: number): HttpResponse {
  const now = config.balloon?.stats_polling_interval_s ?? 0;
  if (seconds === now) return NO_CONTENT;
  if ((seconds === 0) !== (now === 0)) {
    throw new Fault("Balloon update error: Statistics cannot be enabled/disabled after activation.");
  }
  throw new Fault("Balloon update error: volt does not change the interval of a running machine yet.");
}

/** Whether the guest is to keep its pages when it is done is all the body can say: here it has them back. */
function startHinting({ config }: MachineControl, device: BalloonControls, body: string | undefined): HttpResponse {
  if (body !== undefined && !parseBody(hintingBody, body).acknowledge_on_stop) {
    throw new Fault(
      "Balloon update error: volt gives the pages back when hinting is done: acknowledge_on_stop is true.",
    );
  }
  if (!config.balloon?.free_page_hinting) {
    throw new Fault("Balloon update error: Attempting to use hinting when not enabled");
  }
  device.startHinting();
  return NO_CONTENT;
}

function statistics({ config }: MachineControl, device: BalloonControls): Readonly<Record<string, number>> {
  if (config.balloon?.stats_polling_interval_s === 0) {
    throw new Fault("Balloon statistics error: Received stats query when stats are disabled.");
  }
  const { targetMib, actualMib } = device;
  return {
    target_pages: targetMib * PAGES_A_MIB,
    actual_pages: actualMib * PAGES_A_MIB,
    target_mib: targetMib,
    actual_mib: Math.floor(actualMib),
    ...Object.fromEntries(device.statistics),
  };
}

function deviceOf(control: MachineControl, prefix: string): BalloonControls {
  try {
    return control.balloon();
  } catch (error) {
    if (error instanceof ControlError) throw new Fault(`${prefix}: ${NO_BALLOON}`);
    throw error;
  }
}

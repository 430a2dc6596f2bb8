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
      return json(control.config.balloon);
    case "statistics":
      return json(statistics(control, device));
    case "hinting/status":
      return json(hintingStatus(control, device));
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
      return setInterval(device, parseBody(balloonStatisticsBody, call.body ?? "").stats_polling_interval_s);
    case "hinting/start":
      return startHinting(control, device, call.body);
    case "hinting/stop":
      checkHinting(control, "Balloon update error");
      device.stopHinting();
      return NO_CONTENT;
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

function setInterval(device: BalloonControls, seconds: number): HttpResponse {
  if ((seconds === 0) !== (device.pollingSeconds === 0)) {
    throw new Fault("Balloon update error: Statistics cannot be enabled/disabled after activation.");
  }
  if (seconds !== device.pollingSeconds) device.setPollingSeconds(seconds);
  return NO_CONTENT;
}

/** @param body may be left out, and what it says too */
function startHinting(control: MachineControl, device: BalloonControls, body: string | undefined): HttpResponse {
  const { acknowledge_on_stop } = parseBody(hintingBody, body ?? "{}");
  checkHinting(control, "Balloon update error");
  device.startHinting(acknowledge_on_stop);
  return NO_CONTENT;
}

function hintingStatus(control: MachineControl, { hinting }: BalloonControls): Readonly<Record<string, number>> {
  checkHinting(control, "Balloon config error");
  return { host_cmd: hinting.host, ...(hinting.guest === undefined ? {} : { guest_cmd: hinting.guest }) };
}

function checkHinting({ config }: MachineControl, prefix: string): void {
  if (!config.balloon?.free_page_hinting) throw new Fault(`${prefix}: Attempting to use hinting when not enabled`);
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

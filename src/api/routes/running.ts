/** What a client can ask of a machine that runs, as Firecracker's API has it. */
import { monotonicNs } from "../../../ffi/clock.ts";
import type { MmdsStore } from "../../devices/mmds/store.ts";
import type { MachineControl } from "../../machine/control.ts";
import { parseBody } from "../body.ts";
import type { HttpResponse } from "../http/response.ts";
import { type Call, Fault, json, NO_CONTENT, NOT_AFTER_START, type Routes, refuse } from "../router.ts";
import { balloonRoutes } from "./balloon.ts";
import { actionBody, vmStateBody } from "./bodies.ts";
import { patchDrive, patchInterface } from "./devices.ts";
import { LATER_ROUTES } from "./later.ts";
import { mmdsRoutes, NO_STORE } from "./mmds.ts";

/** What the API says of who answers. */
export interface Identity {
  readonly instance: { readonly id: string; readonly vmm_version: string; readonly app_name: string };
  readonly version: Readonly<Record<string, string>>;
  /** The whole configuration, as this face writes it. */
  vmConfig(): Readonly<Record<string, unknown>>;
}

export function runningRoutes(control: MachineControl, identity: Identity): Routes {
  const state = () => (control.isPaused ? "Paused" : "Running");
  return {
    ...LATER_ROUTES,
    ...configurationRoutes(),
    ...balloonRoutes(control),
    ...mmdsRoutes({ store: () => storeOf(control), configure: refuse(NOT_AFTER_START) }),
    "GET ": () => json(instanceInfo(identity, state())),
    "GET version": () => json(identity.version),
    "GET vm": ({ path }) => getVm(path, identity),
    "GET machine-config": () => json(identity.vmConfig()["machine-config"]),
    "PATCH vm": (call) => patchVm(control, call),
    "PUT actions": (call) => act(control, call),
    "PATCH drives": (call) => patchDrive(control, call),
    "PATCH network-interfaces": (call) => patchInterface(control, call),
  };
}

/** Whose time is over: they describe a machine before its start. */
function configurationRoutes(): Routes {
  const sections = ["boot-source", "machine-config", "cpu-config", "vsock", "entropy", "serial", "logger", "metrics"];
  const hotPlug = refuse("PCI is not enabled");
  return {
    ...Object.fromEntries(sections.map((section) => [`PUT ${section}`, refuse(NOT_AFTER_START)])),
    "PATCH machine-config": refuse(NOT_AFTER_START),
    "PUT drives": hotPlug,
    "PUT network-interfaces": hotPlug,
    "DELETE drives": hotPlug,
    "DELETE network-interfaces": hotPlug,
  };
}

/** Firecracker keeps the data with the interfaces that tell it: without one there is none. */
function storeOf({ mmds }: MachineControl): MmdsStore {
  if (!mmds) throw new Fault(NO_STORE);
  return mmds;
}

function getVm(path: readonly string[], identity: Identity): HttpResponse {
  if (path[1] !== "config") throw new Fault("Invalid request method and/or path: GET vm.");
  return json(identity.vmConfig());
}

function patchVm(control: MachineControl, { body }: Call): HttpResponse {
  const { latencies } = control.counts;
  const before = monotonicNs();
  const { state } = parseBody(vmStateBody, body ?? "");
  if (state === "Paused") control.pause();
  else control.resume();
  latencies[state === "Paused" ? "pauseRequest" : "resumeRequest"] = Math.round((monotonicNs() - before) / 1e3);
  return NO_CONTENT;
}

function act(control: MachineControl, { body }: Call): HttpResponse {
  switch (parseBody(actionBody, body ?? "").action_type) {
    case "InstanceStart":
      throw new Fault(NOT_AFTER_START);
    case "SendCtrlAltDel":
      control.pressCtrlAltDel();
      return NO_CONTENT;
    case "FlushMetrics":
      flushMetrics(control);
      return NO_CONTENT;
  }
}

function flushMetrics(control: MachineControl): void {
  try {
    control.flushMetrics();
  } catch (error) {
    throw new Fault(`Internal VMM error: METRICS: Failed to write metrics: ${(error as Error).message}`);
  }
}

/** In Firecracker's order. */
export function instanceInfo(
  { instance }: Pick<Identity, "instance">,
  state: string,
): Readonly<Record<string, string>> {
  const { id, vmm_version, app_name } = instance;
  return { id, state, vmm_version, app_name };
}

/** What a client can ask before the start. */

import { parseBody } from "../api/body.ts";
import type { HttpResponse } from "../api/http/response.ts";
import { type Call, checkId, Fault, json, NO_CONTENT, NOT_BEFORE_START, type Routes, refuse } from "../api/router.ts";
import { actionBody } from "../api/routes/bodies.ts";
import { LATER_ROUTES } from "../api/routes/later.ts";
import { mmdsRoutes } from "../api/routes/mmds.ts";
import { instanceInfo } from "../api/routes/running.ts";
import { VOLT_REQUESTS } from "../api/routes/volt-requests.ts";
import { FIRECRACKER_VERSION } from "../version.ts";
import { type Draft, metadataOf } from "./draft.ts";
import type { FirecrackerLog } from "./log.ts";
import { serial } from "./schema.ts";
import { patchMachine, SECTIONS } from "./sections.ts";
import { machineConfigJson, vmConfigJson } from "./vm-config.ts";

type Section = keyof typeof SECTIONS;

/** @param start asks for the start; its answer comes when the machine runs, or can't */
export function draftRoutes(draft: Draft, log: FirecrackerLog, start: () => void): Routes {
  const put = (name: Section) => (call: Call) =>
    done(SECTIONS[name](draft, call.body ?? "", log, (id) => checkId(call, id)));
  // Its request has a path of two parts.
  const { "mmds-config": _, ...sections } = SECTIONS;
  const identity = { instance: { id: log.settings.id, vmm_version: FIRECRACKER_VERSION, app_name: "Firecracker" } };
  return {
    ...LATER_ROUTES,
    ...postBootRoutes(),
    ...Object.fromEntries(
      (Object.keys(sections) as (keyof typeof sections)[]).map((name) => [`PUT ${name}`, put(name)]),
    ),
    ...mmdsRoutes({
      store: () => metadataOf(draft),
      changed: ({ text }) => {
        draft.metadata = text;
      },
      configure: put("mmds-config"),
    }),
    // Files of descriptions have no such section.
    "PUT serial": ({ body }) => {
      draft.serial = parseBody(serial, body ?? "");
      return NO_CONTENT;
    },
    "PATCH machine-config": ({ body }) => done(patchMachine(draft, body ?? "", log)),
    "GET ": () => json(instanceInfo(identity, "Not started")),
    "GET version": () => json({ firecracker_version: FIRECRACKER_VERSION }),
    "GET machine-config": () => json(machineConfigJson(draft)),
    "GET balloon": ({ path }) => getBalloon(draft, path),
    "GET vm": ({ path }) => {
      if (path[1] !== "config") throw new Fault("Invalid request method and/or path: GET vm.");
      return json(vmConfigJson(draft));
    },
    "PUT actions": ({ body }) => {
      if (parseBody(actionBody, body ?? "").action_type !== "InstanceStart") throw new Fault(NOT_BEFORE_START);
      if (!draft.boot) throw new Fault("Start microvm error: Cannot start microvm without kernel configuration.");
      start();
      return NO_CONTENT;
    },
  };
}

function postBootRoutes(): Routes {
  const resources = ["drives", "network-interfaces", "vm", "balloon"];
  return Object.fromEntries([
    ...resources.map((name) => [`PATCH ${name}`, refuse(NOT_BEFORE_START)]),
    ["DELETE drives", refuse(NOT_BEFORE_START)],
    ["DELETE network-interfaces", refuse(NOT_BEFORE_START)],
    ...VOLT_REQUESTS.map((name) => [name, refuse(NOT_BEFORE_START)]),
  ]);
}

function getBalloon({ balloon }: Draft, path: readonly string[]): HttpResponse {
  if (path.length > 1) throw new Fault(NOT_BEFORE_START);
  if (!balloon) throw new Fault("Balloon config error: No balloon device found.");
  return json(balloon);
}

function done(isDeprecated: boolean): HttpResponse {
  return isDeprecated ? { ...NO_CONTENT, isDeprecated } : NO_CONTENT;
}

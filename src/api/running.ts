/** The API of a machine that runs. */
import type { ControlService, MachineControl } from "../machine/control.ts";
import { DEFAULT_ID, FIRECRACKER_VERSION, VERSION } from "../version.ts";
import { answer, NO_CONTENT } from "./router.ts";
import { type Identity, runningRoutes } from "./routes/running.ts";
import { voltRoutes } from "./routes/volt.ts";
import { ApiServer, type PlannedApi } from "./server.ts";

/** @param planned what stage one made: a `PlannedApi` */
export function serveRunning(planned: unknown): (control: MachineControl) => ControlService {
  return (control) => service(planned as PlannedApi, control);
}

/** A server that goes on where stage one's stopped. */
function service(planned: PlannedApi, control: MachineControl): ControlService {
  const routes = { ...runningRoutes(control, ownIdentity(control)), ...voltRoutes(control) };
  const server = new ApiServer(planned, (request) => answer(request, routes, control.counts));
  return {
    fd: server.fd,
    ready: () => server.ready(),
    started: () => server.answerWaiting(NO_CONTENT),
  };
}

function ownIdentity(control: MachineControl): Identity {
  return {
    instance: { id: control.config.volt.id ?? DEFAULT_ID, vmm_version: VERSION, app_name: "volt" },
    version: { firecracker_version: FIRECRACKER_VERSION, volt_version: VERSION },
    vmConfig: () => control.config,
  };
}

/** The API of a machine that runs. */
import type { Epoll } from "../../ffi/epoll.ts";
import type { ControlService, MachineControl } from "../machine/control.ts";
import { FIRECRACKER_VERSION, VERSION } from "../version.ts";
import type { PlannedApi } from "./planned.ts";
import { answer, type Routes } from "./router.ts";
import { type Identity, runningRoutes } from "./routes/running.ts";
import { voltRoutes } from "./routes/volt.ts";
import { ApiServer } from "./server.ts";

/** @param id the VM's name @param epoll for the server's use alone */
export function serveRunning(
  planned: PlannedApi,
  id: string,
  control: MachineControl,
  epoll: Epoll,
): Pick<ControlService, "ready"> {
  const routes: Routes = { ...runningRoutes(control, identity(control, id)), ...voltRoutes(control, id) };
  return new ApiServer(planned, (request) => answer(request, routes, control.counts), epoll);
}

function identity(control: MachineControl, id: string): Identity {
  return {
    instance: { id, vmm_version: VERSION, app_name: "volt" },
    version: { firecracker_version: FIRECRACKER_VERSION, volt_version: VERSION },
    vmConfig: () => control.config,
  };
}

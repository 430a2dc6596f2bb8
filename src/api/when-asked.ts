/**
 * The API of a `volt run` nobody may ever ask: its code is loaded for the first client, and costs the start of a VM nothing.
 */
import { EPOLL, Epoll } from "../../ffi/epoll.ts";
import type { ControlService, MachineControl } from "../machine/control.ts";
import type { PlannedApi } from "./planned.ts";

const ANY_TOKEN = 0;

export function serveWhenAsked(api: PlannedApi, id: string, control: MachineControl): ControlService {
  const epoll = new Epoll("the API");
  epoll.add(api.listener, EPOLL.IN, ANY_TOKEN);
  let server: Pick<ControlService, "ready"> | undefined;
  return {
    fd: epoll.number,
    ready() {
      server ??= load();
      server.ready();
    },
    started() {},
  };

  function load(): Pick<ControlService, "ready"> {
    // Not import(): the main thread never turns the event loop that would bring its result.
    const { serveRunning } = require("./running.ts") as typeof import("./running.ts");
    epoll.remove(api.listener);
    return serveRunning(api, id, control, epoll);
  }
}

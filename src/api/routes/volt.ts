/** volt's own additions, below /volt. */
import type { MachineControl } from "../../machine/control.ts";
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from "../../observe/metrics/prometheus.ts";
import { parseBody } from "../body.ts";
import { json, NO_CONTENT, type Routes } from "../router.ts";
import { consoleStream, eventStream, stateOf } from "../streams.ts";
import { consoleSizeBody, entropyPatchBody } from "./bodies.ts";
import type { VOLT_REQUESTS } from "./volt-requests.ts";

/** @param id the VM's name, which it may have been given by nobody */
export function voltRoutes(
  control: MachineControl,
  id: string,
): Record<(typeof VOLT_REQUESTS)[number], Routes[string]> {
  const act = (action: () => void) => () => {
    action();
    return NO_CONTENT;
  };
  return {
    /** The guest is asked to go down, and ended after `stop_timeout` seconds. */
    "PUT volt/stop": act(() => control.shutDown()),
    /** It is ended at once. */
    "PUT volt/kill": act(() => control.end()),
    "PUT volt/power-button": act(() => control.pressPowerButton()),
    /** What it does just now, and in which process. */
    "GET volt/state": () => json({ state: stateOf(control), pid: process.pid }),
    /** One JSON object a line: the state first, then what happens. */
    "GET volt/events": () => ({ status: 200, stream: eventStream(control) }),
    /** What the guest prints, from a little before; what the client sends is typed. */
    "GET volt/console": () => ({ status: 200, stream: consoleStream(control) }),
    /** The size of a reader's terminal. */
    "PUT volt/console": ({ body }) => {
      control.resizeConsole(parseBody(consoleSizeBody, body ?? ""));
      return NO_CONTENT;
    },
    /** Firecracker has no such request. */
    "PATCH volt/entropy": (call) => {
      control.entropy().limit(parseBody(entropyPatchBody, call.body ?? "").rate_limiter);
      return NO_CONTENT;
    },
    /** Phases of the start and the boot so far, each with the milliseconds since the process started. */
    "GET volt/timeline": () => json(control.timeline()),
    /** What each device did since the start. */
    "GET volt/counters": () =>
      json(Object.fromEntries(control.readings().devices.map((one) => [one.id, one.counters]))),
    /** What each vCPU's exits to volt were. */
    "GET volt/exits": () => json(control.readings().vcpus),
    /** All metrics, in Prometheus' text format. */
    "GET volt/metrics": () => ({
      status: 200,
      contentType: PROMETHEUS_CONTENT_TYPE,
      body: prometheusText({ ...control.readings(), id }),
    }),
    /** The layers this machine was started in. */
    "GET volt/sandbox": () => json(control.config.volt.sandbox),
  };
}

/** Every request of the API, for its document: what it is for, its body, its answer. */
import type { GenericSchema } from "valibot";
import * as body from "../../src/api/routes/bodies.ts";
import { LATER_ROUTES } from "../../src/api/routes/later.ts";
import { CpuTemplateSchema } from "../../src/config/cpu-template.ts";
import * as section from "../../src/firecracker/schema.ts";
import * as answer from "./answers.ts";

/** When it is taken: before the start (in Firecracker's place alone), while the machine runs, or both. */
type Stage = "before the start" | "while it runs" | "always";

export interface Operation {
  readonly method: "get" | "put" | "patch" | "delete";
  readonly path: string;
  readonly does: string;
  /** Undefined: it is refused, in every stage. */
  readonly when?: Stage;
  readonly body?: GenericSchema;
  readonly bodyIsOptional?: boolean;
  /** Of a 200; without one it is a 204. */
  readonly answer?: GenericSchema;
  /** Of the answer: JSON, if it does not say. */
  readonly mediaType?: string;
}

/** Paths of what volt does not have yet, as Firecracker has them. */
const LATER_PATHS: Readonly<Record<string, readonly string[]>> = {
  snapshot: ["/snapshot/create", "/snapshot/load"],
  pmem: ["/pmem/{id}"],
  hotplug: ["/hotplug/memory"],
};

export const OPERATIONS: readonly Operation[] = [
  { method: "get", path: "/", does: "who answers, and how the machine is", when: "always", answer: answer.instance },
  { method: "get", path: "/version", does: "which versions it speaks and is", when: "always", answer: answer.version },
  { method: "get", path: "/vm/config", does: "the machine as it is now", when: "always", answer: answer.vmConfig },
  { method: "get", path: "/machine-config", does: "processors and memory", when: "always", answer: answer.machine },
  put("/machine-config", "processors and memory", section.machineConfig),
  {
    method: "patch",
    path: "/machine-config",
    does: "changes fields of it, one at least",
    when: "before the start",
    body: section.machineConfigPatch,
  },
  put("/cpu-config", "a CPU template", CpuTemplateSchema),
  put("/boot-source", "kernel, initrd and command line", section.bootSource),
  put("/drives/{drive_id}", "a disk", section.drive),
  patch("/drives/{drive_id}", "another file behind a disk, or other limits", body.drivePatchBody),
  refused("delete", "/drives/{drive_id}", "takes a disk away: there is no PCI"),
  put("/network-interfaces/{iface_id}", "a network card", section.networkInterface),
  patch("/network-interfaces/{iface_id}", "other limits", body.interfacePatchBody),
  refused("delete", "/network-interfaces/{iface_id}", "takes a card away: there is no PCI"),
  put("/vsock", "a vsock", section.vsock),
  put("/entropy", "the entropy device", section.entropy),
  put("/logger", "where the log goes", section.logger),
  put("/serial", "where the serial port's output goes", section.serial),
  put("/metrics", "a file or FIFO that takes a line of metrics a minute", section.metrics),
  { method: "get", path: "/mmds", does: "what the guest is told", when: "always", answer: answer.metadata },
  { method: "put", path: "/mmds", does: "something else to tell", when: "always", body: answer.metadata },
  { method: "patch", path: "/mmds", does: "a JSON merge patch of it", when: "always", body: answer.metadata },
  put("/mmds/config", "which cards have the metadata service", section.mmdsConfig),
  { method: "get", path: "/balloon", does: "the balloon as it is now", when: "always", answer: answer.balloon },
  put("/balloon", "a balloon", section.balloon),
  patch("/balloon", "another size", body.balloonPatchBody),
  {
    method: "get",
    path: "/balloon/statistics",
    does: "what the guest says of its memory",
    when: "while it runs",
    answer: answer.balloonStatistics,
  },
  patch("/balloon/statistics", "how often it is asked, in seconds", body.balloonStatisticsBody),
  {
    ...patch("/balloon/hinting/start", "asks for all memory that is free now", body.hintingBody),
    bodyIsOptional: true,
  },
  { ...patch("/balloon/hinting/stop", "gives it back"), bodyIsOptional: true },
  {
    method: "get",
    path: "/balloon/hinting/status",
    does: "the last commands of host and guest",
    when: "while it runs",
    answer: answer.hinting,
  },
  {
    method: "put",
    path: "/actions",
    does: "starts the machine, or presses its keys",
    when: "always",
    body: body.actionBody,
  },
  patch("/vm", "stops the machine's processors, lets them go on", body.vmStateBody),
  {
    method: "put",
    path: "/volt/stop",
    does: "asks the guest to go down; ends it when its time is over",
    when: "while it runs",
  },
  { method: "put", path: "/volt/kill", does: "ends it at once", when: "while it runs" },
  { method: "put", path: "/volt/power-button", does: "presses the power button", when: "while it runs" },
  {
    method: "get",
    path: "/volt/state",
    does: "what it does just now, and in which process",
    when: "while it runs",
    answer: answer.state,
  },
  {
    method: "get",
    path: "/volt/events",
    does: "its state, then what happens, one JSON object a line, until it ends",
    when: "while it runs",
    answer: answer.text,
    mediaType: "application/x-ndjson",
  },
  {
    method: "get",
    path: "/volt/console",
    does: "what the guest prints, from a little before; what the client sends is typed",
    when: "while it runs",
    answer: answer.text,
    mediaType: "application/octet-stream",
  },
  {
    method: "put",
    path: "/volt/console",
    does: "the size of a reader's terminal",
    when: "while it runs",
    body: body.consoleSizeBody,
  },
  patch("/volt/entropy", "other limits of the entropy device", body.entropyPatchBody),
  {
    method: "get",
    path: "/volt/timeline",
    does: "the phases of start and boot",
    when: "while it runs",
    answer: answer.timeline,
  },
  {
    method: "get",
    path: "/volt/counters",
    does: "what each device did",
    when: "while it runs",
    answer: answer.counters,
  },
  {
    method: "get",
    path: "/volt/exits",
    does: "what each vCPU's exits were",
    when: "while it runs",
    answer: answer.exits,
  },
  {
    method: "get",
    path: "/volt/metrics",
    does: "all metrics, in Prometheus' text format",
    when: "while it runs",
    answer: answer.text,
    mediaType: "text/plain",
  },
  {
    method: "get",
    path: "/volt/sandbox",
    does: "the layers it runs in",
    when: "while it runs",
    answer: answer.sandbox,
  },
  ...Object.keys(LATER_ROUTES).flatMap(later),
];

function put(path: string, does: string, schema: GenericSchema): Operation {
  return { method: "put", path, does, when: "before the start", body: schema };
}

function patch(path: string, does: string, schema?: GenericSchema): Operation {
  return { method: "patch", path, does, when: "while it runs", ...(schema ? { body: schema } : {}) };
}

function refused(method: Operation["method"], path: string, does: string): Operation {
  return { method, path, does: `${does} (refused)` };
}

/** @param route as the router has it: `PUT snapshot` */
function later(route: string): Operation[] {
  const [method, resource] = route.split(" ");
  const name = method!.toLowerCase() as Operation["method"];
  const paths = LATER_PATHS[resource!] ?? [`/${resource}`];
  // Only a PUT has more than one.
  return (name === "put" ? paths : paths.slice(0, 1)).map((path) => refused(name, path, "what volt does not have yet"));
}

/** What a section of a microVM does to its draft: the same from a request's body and from a configuration file. */
import type * as v from "valibot";
import { parseBody } from "../api/body.ts";
import { Fault } from "../api/router.ts";
import { CpuTemplateSchema } from "../config/cpu-template.ts";
import {
  type Draft,
  setBalloon,
  setBoot,
  setDrive,
  setInterface,
  setMachine,
  setMetrics,
  setMmds,
  setVsock,
} from "./draft.ts";
import { osError } from "./host-checks.ts";
import { type FirecrackerLog, levelOf } from "./log.ts";
import * as schema from "./schema.ts";

/**
 * @param checkId is asked about the id that the body names, before anything changes
 * @returns whether something in it is on its way out
 */
type Take = (draft: Draft, body: string, log: FirecrackerLog, checkId?: (id: string) => void) => boolean;

/** By the names of a configuration file, in the order they are taken from there. */
export const SECTIONS = {
  logger: section(schema.logger, (_, logger, log) => setLogger(log, logger)),
  metrics: section(schema.metrics, (draft, metrics, log) => setMetrics(draft, metrics, log.settings.id)),
  "machine-config": section(schema.machineConfig, (draft, machine, log) => takeMachine(draft, machine, log)),
  "cpu-config": section(CpuTemplateSchema, (draft, template) => {
    draft.cpu = template;
  }),
  "boot-source": section(schema.bootSource, setBoot),
  drives: section(schema.drive, setDrive, ({ drive_id }) => drive_id),
  "network-interfaces": section(schema.networkInterface, setInterface, ({ iface_id }) => iface_id),
  vsock: section(schema.vsock, (draft, vsock) => {
    setVsock(draft, vsock);
    return vsock.vsock_id !== undefined;
  }),
  balloon: section(schema.balloon, setBalloon),
  "mmds-config": section(schema.mmdsConfig, (draft, mmds) => {
    setMmds(draft, mmds);
    return mmds.version === "V1";
  }),
  entropy: section(schema.entropy, (draft, entropy) => {
    draft.entropy = entropy;
  }),
} satisfies Record<string, Take>;

/** A change to the machine's own section: at least one field. @returns as a section @throws Fault */
export function patchMachine(draft: Draft, body: string, log: FirecrackerLog): boolean {
  const patch = parseBody(schema.machineConfigPatch, body);
  if (Object.keys(patch).length === 0) throw new Fault("Empty PATCH request.");
  const { vcpu_count = draft.machine.vcpu_count, mem_size_mib = draft.machine.mem_size_mib } = patch;
  return takeMachine(draft, { ...draft.machine, ...patch, vcpu_count, mem_size_mib }, log);
}

function section<S extends v.GenericSchema>(
  shape: S,
  take: (draft: Draft, value: v.InferOutput<S>, log: FirecrackerLog) => unknown,
  idOf?: (value: v.InferOutput<S>) => string,
): Take {
  return (draft, body, log, checkId) => {
    const value = parseBody(shape, body);
    if (idOf) checkId?.(idOf(value));
    return take(draft, value, log) === true;
  };
}

/** @returns whether it names a CPU template, which is on its way out */
function takeMachine(draft: Draft, machine: schema.MachineConfig, log: FirecrackerLog): boolean {
  setMachine(draft, machine);
  const { cpu_template } = machine;
  if (cpu_template !== undefined && cpu_template !== "None") {
    log.write("warn", `cpu_template ${cpu_template} is accepted, and changes nothing: volt does not have it yet.`);
  }
  return cpu_template !== undefined;
}

function setLogger(log: FirecrackerLog, logger: schema.Logger): void {
  const level = levelOf(logger.level ?? "Info");
  if (level === undefined) throw new Fault(`Logger error: unknown level ${logger.level}`);
  if (logger.log_path !== undefined) {
    try {
      log.openTarget(logger.log_path);
    } catch (error) {
      throw new Fault(`Logger error: Failed to open target file: ${osError(error)}`);
    }
  }
  const { showLevel, showOrigin, module } = log.settings;
  log.change({
    level,
    showLevel: logger.show_level ?? showLevel,
    showOrigin: logger.show_log_origin ?? showOrigin,
    module: logger.module ?? module,
  });
}

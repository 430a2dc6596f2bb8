/** Will this kernel run this VM? */
import type { VmConfig } from "../../config/schema.ts";
import type { KernelConfig } from "../config-file.ts";
import { REQUIREMENTS, type Requirement, SLOW_OPTIONS, type SlowOption } from "./requirements.ts";

/** What a check says about one option. */
export interface CheckFinding {
  readonly option: string;
  /** The device or flag that needs it. */
  readonly by: string;
  /** ok; fail: the VM will not work; warn: it lacks something, or is slow. */
  readonly status: "ok" | "warn" | "fail";
  readonly found: string;
  /** "" where nothing is to be done. */
  readonly mend: string;
}

/**
 * @param modules names of those that volt's initramfs loads
 * @param acpi false for a VM that is told acpi=off
 */
export function checkKernel(
  config: KernelConfig,
  modules: ReadonlySet<string>,
  vm: VmConfig,
  acpi: boolean,
): CheckFinding[] {
  const needs = REQUIREMENTS.filter(({ applies, where }) => applies(vm, acpi) && (!where || config.has(where))).map(
    (requirement) => checkOne(requirement, config, modules, vm["boot-source"].initrd_path !== undefined),
  );
  const words = `${vm["boot-source"].boot_args ?? ""} ${vm.volt.append ?? ""}`.split(" ");
  const isSlow = ({ option, unless = "", append }: SlowOption) =>
    config.has(option) && !config.has(unless) && !(append && words.includes(append));
  const slow = SLOW_OPTIONS.filter(isSlow).map(slowFinding);
  return [...needs, ...slow];
}

/** Names of the modules in an archive that `guestModules` made, with _ for -. */
export function modulesIn(archive: Uint8Array): Set<string> {
  const text = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength).toString("latin1");
  return new Set([...text.matchAll(/lib\/modules\/[^/\0]+\/([\w-]+)\.ko/g)].map(([, name]) => plain(name ?? "")));
}

function slowFinding({ option, why, ms, append }: SlowOption): CheckFinding {
  const cost = ms ? `: ${ms.cost} of ${ms.boot} ms in the nested machine` : "";
  const mend = append === undefined ? "build the kernel without it: volt kernel build" : `--append ${append}`;
  return { option, by: "boot time", status: "warn", found: `slow: it ${why}${cost}`, mend };
}

function checkOne(
  { option, module, by, without, weight }: Requirement,
  config: KernelConfig,
  modules: ReadonlySet<string>,
  otherInitrd: boolean,
): CheckFinding {
  const value = config.get(option);
  const lacks = weight === "needed" ? "fail" : "warn";
  if (value === "m" && module !== undefined) {
    if (otherInitrd) {
      return { option, by, status: "warn", found: `a module: ${module}`, mend: `load ${module} in your --initrd` };
    }
    if (modules.has(plain(module))) return { option, by, status: "ok", found: `a module, loaded: ${module}`, mend: "" };
    const mend = "get the kernel with its modules (volt kernel install), or one with all built in (volt kernel build)";
    return { option, by, status: lacks, found: `a module that is not in the store: ${without}`, mend };
  }
  if (value !== undefined && value !== "m") return { option, by, status: "ok", found: "built in", mend: "" };
  return { option, by, status: lacks, found: `off: ${without}`, mend: `set CONFIG_${option}=y, or volt kernel build` };
}

function plain(module: string): string {
  return module.replaceAll("-", "_");
}

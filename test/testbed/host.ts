import { existsSync, readFileSync } from "node:fs";
import type { Host } from "./command.ts";
import { type MachineOptions, NestedMachine } from "./machine.ts";
import { NativeHost } from "./native.ts";

export type { CommandOptions, CommandResult, Host, RunningCommand } from "./command.ts";

/** Where Linux guests are run: on this machine's own KVM, or on the one in a nested machine. */
export type GuestHost = "native" | "nested";

/**
 * Native where /dev/kvm runs a guest's kernel in hardware. There are KVMs without VMX or SVM under them: those emulate it
 * instruction by instruction, and not all of them. `VOLT_TEST_HOST=native|nested` forces a choice.
 */
export function guestHost(): GuestHost {
  const { VOLT_TEST_HOST } = process.env;
  return chooseGuestHost(VOLT_TEST_HOST, existsSync("/dev/kvm"), readFileSync("/proc/cpuinfo", "utf8"));
}

/** @param cpuinfo the text of /proc/cpuinfo */
export function chooseGuestHost(forced: string | undefined, hasKvm: boolean, cpuinfo: string): GuestHost {
  if (forced === "native" || forced === "nested") return forced;
  if (forced) throw new Error(`VOLT_TEST_HOST=${forced}: set it to native or nested, or not at all`);
  return hasKvm && /^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo) ? "native" : "nested";
}

/** Where guests of a few instructions are run. Every /dev/kvm can do that. */
export function tinyGuestHost(): GuestHost {
  return existsSync("/dev/kvm") ? "native" : "nested";
}

/** Opens the place where Linux guests run here. `options` are for a nested machine. */
export async function openHost(options: MachineOptions = {}): Promise<Host> {
  return guestHost() === "native" ? new NativeHost() : await NestedMachine.start(options);
}

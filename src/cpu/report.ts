/** What to tell a person about an exit that can't be served: the reason, the registers, the bytes at RIP. */
import { Exit, exitName, INTERNAL_ERRORS } from "../../ffi/kvm/exits.ts";
import type { Vcpu } from "../../ffi/kvm/vcpu.ts";
import type { GuestMemory } from "../memory/guest.ts";

const CODE_BYTES = 16;

/** One line. @param error errno of KVM_RUN itself, or 0 */
export function describeExit(vcpu: Vcpu, memory: GuestMemory, error: number): string {
  return `${vcpu.fd.about} can't go on: ${reason(vcpu, error)}; ${registers(vcpu)}; ${codeAtRip(vcpu, memory)}`;
}

function reason({ state }: Vcpu, error: number): string {
  if (error !== 0) return `KVM_RUN failed with errno ${error}`;
  const name = exitName(state.exitReason);
  if (state.exitReason === Exit.KVM_EXIT_INTERNAL_ERROR) {
    return `${name} (${INTERNAL_ERRORS[state.internalError] ?? `suberror ${state.internalError}`})`;
  }
  if (state.exitReason === Exit.KVM_EXIT_FAIL_ENTRY)
    return `${name} (hardware reason 0x${state.entryFailure.toString(16)})`;
  return name;
}

function registers(vcpu: Vcpu): string {
  const general = Object.entries(vcpu.registers()).map(([name, value]) => `${name}=0x${value.toString(16)}`);
  const { cr0, cr2, cr3, cr4, efer } = vcpu.specialRegisters();
  const special = Object.entries({ cr0, cr2, cr3, cr4, efer }).map(
    ([name, value]) => `${name}=0x${value.toString(16)}`,
  );
  return [...general, ...special].join(" ");
}

function codeAtRip(vcpu: Vcpu, memory: GuestMemory): string {
  const linear = vcpu.registers().rip + BigInt(vcpu.specialRegisters().csBase);
  const physical = vcpu.translate(linear);
  const code = physical === undefined ? undefined : memory.view(physical, CODE_BYTES);
  return code ? `bytes at RIP: ${Buffer.from(code).toString("hex")}` : "RIP is not mapped";
}

/** What a guest reads by CPUID is the policy's table, whatever processor this host has. */
import { describe, expect, test } from "bun:test";
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { Kvm } from "../../../ffi/kvm/system.ts";
import { machineCpuid, vcpuCpuid } from "../../../src/cpu/cpuid/guest.ts";
import { HOSTS, hostCpuid } from "../../support/cpuid/fixtures.ts";
import { TinyGuest } from "../tiny/guest.ts";

const QUESTIONS = 0x5000;
const ANSWERS = 0x9000;
const BYTES_A_QUESTION = 8;
const BYTES_AN_ANSWER = 16;

/** Executes CPUID for each pair of EAX and ECX at QUESTIONS, and leaves what it says at ANSWERS. */
const DUMP = (count: number) => `
  mov esi, ${QUESTIONS}
  mov edi, ${ANSWERS}
  mov ebp, ${count}
next:
  mov eax, [si]
  mov ecx, [si + 4]
  cpuid
  mov [di], eax
  mov [di + 4], ebx
  mov [di + 8], ecx
  mov [di + 12], edx
  add si, ${BYTES_A_QUESTION}
  add di, ${BYTES_AN_ANSWER}
  dec bp
  jnz next
  hlt`;

/** The table as a guest that was given it sees it. */
function seenByGuest(table: readonly CpuidEntry[]): CpuidEntry[] {
  using guest = new TinyGuest(DUMP(table.length), { cpuid: table });
  const memory = new DataView(guest.memory.buffer);
  table.forEach(({ leaf, subleaf }, i) => {
    memory.setUint32(QUESTIONS + i * BYTES_A_QUESTION, leaf, true);
    memory.setUint32(QUESTIONS + i * BYTES_A_QUESTION + 4, subleaf, true);
  });
  expect(guest.run()).toBe("KVM_EXIT_HLT");
  return table.map((entry, i) => {
    const [eax, ebx, ecx, edx] = [0, 4, 8, 12].map((at) => memory.getUint32(ANSWERS + i * BYTES_AN_ANSWER + at, true));
    return { ...entry, eax: eax!, ebx: ebx!, ecx: ecx!, edx: edx! };
  });
}

const NOTHING = { subleaf: 0, indexed: false, eax: 0, ebx: 0, ecx: 0, edx: 0 };
/**
 * A KVM without VMX or SVM runs a guest's user mode on the processor itself, where CPUID is the host's; some then answer so
 * in kernel mode, too, for the leaves that programs go by. There is nothing to be seen of a policy in those.
 */
const HOST_LEAVES = [0x1, 0x7, 0xd];
const showsHostLeaves = seenByGuest([
  { ...NOTHING, leaf: 0, eax: 1 },
  { ...NOTHING, leaf: 1 },
]).some(({ leaf, ecx }) => leaf === 1 && ecx !== 0);

/** Bits that say what the guest has switched on, not what it has. */
const OSXSAVE = 1 << 27;
const APIC_IS_ON = 1 << 9;

function withoutState(entry: CpuidEntry): CpuidEntry {
  if (showsHostLeaves && HOST_LEAVES.includes(entry.leaf)) return { ...entry, eax: 0, ebx: 0, ecx: 0, edx: 0 };
  if (entry.leaf === 1) return { ...entry, ecx: (entry.ecx & ~OSXSAVE) >>> 0, edx: (entry.edx & ~APIC_IS_ON) >>> 0 };
  // The size of the state in use.
  return entry.leaf === 0xd && entry.subleaf < 2 ? { ...entry, ebx: 0 } : entry;
}

describe("a guest reads the policy's table, every leaf and subleaf of it,", () => {
  test.each(HOSTS.flatMap((host) => [[host, 0, 1] as const, [host, 2, 4] as const]))(
    "on %s, as vCPU %i of %i",
    (host, vcpu, vcpus) => {
      const table = vcpuCpuid(machineCpuid(hostCpuid(host), { vcpus, tscDeadline: true, brand: "a processor" }), vcpu);
      expect(seenByGuest(table).map(withoutState)).toEqual(table.map(withoutState));
    },
  );

  test("on this very host", () => {
    using kvm = Kvm.open();
    const tscDeadline = kvm.capability("KVM_CAP_TSC_DEADLINE_TIMER") !== 0;
    const table = vcpuCpuid(machineCpuid(kvm.supportedCpuid(), { vcpus: 1, tscDeadline, brand: "a processor" }), 0);
    expect(seenByGuest(table).map(withoutState)).toEqual(table.map(withoutState));
  });
});

test("subleaves past the last of leaf 0xB are no level, with the vCPU's x2APIC id all the same", () => {
  const table = vcpuCpuid(machineCpuid(hostCpuid("cascade-lake"), { vcpus: 4, tscDeadline: true, brand: "" }), 3);
  const past = { leaf: 0xb, subleaf: 5, indexed: true, eax: 0, ebx: 0, ecx: 0, edx: 0 };
  const seen = seenByGuest([...table.filter(({ leaf }) => leaf !== 0x1f), past]).at(-1)!;
  expect([seen.eax, seen.ebx, seen.ecx & 0xff00]).toEqual([0, 0, 0]);
});

/** Guests of a few instructions: what is left of a monitor's time when the guest takes none. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { concat, u32 } from "../../src/boot/pack.ts";
import { buildElf, note } from "../../test/unit/boot/fixtures.ts";

const ADDRESS = 0x100_0000;
/** The PVH entry point's note, as Xen numbers them. */
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

/** `mov dx, 0x3f8; mov al, BYTE; out dx, al`: one byte on the console. */
const print = (text: string): number[] => [0x66, 0xba, 0xf8, 0x03, 0xb0, text.charCodeAt(0), 0xee];
/** `mov al, 0xfe; out 0x64, al`: a reset by the keyboard controller, where there is one. */
const RESET = [0xb0, 0xfe, 0xe6, 0x64];
/** `lidt [NOWHERE]; ud2`: where there is none, an exception that has nowhere to go ends the guest. */
const CRASH = [0x0f, 0x01, 0x1d, ...u32(ADDRESS + 0x100), 0x0f, 0x0b];
/** `cli; hlt`, again and again. */
const REST = [0xfa, 0xf4, 0xeb, 0xfd];

/** Writes one byte to the console and resets. */
export const PRINT_AND_END = Uint8Array.from([...print("!"), ...RESET, ...CRASH, ...REST]);

/** Does nothing, for ever. */
export const REST_AT_ONCE = Uint8Array.from(REST);

/** Leaves the guest by a port that belongs to nobody, again and again without an end. */
export function exitForEver(): Uint8Array {
  const exit = EXITS["port write"];
  return Uint8Array.from([...exit, 0xeb, 0x100 - (exit.length + 2)]);
}

/**
 * Writes to each page from 1 MiB to the end of memory, prints one byte and does nothing for ever.
 * @param memoryBytes all of the guest's memory, below 3 GiB
 */
export function touchAll(memoryBytes: number): Uint8Array {
  // mov edi, 1 MiB; 1: or byte ptr [edi], 0; add edi, 4096; cmp edi, END; jb 1b
  const loop = [0x80, 0x0f, 0x00, 0x81, 0xc7, ...u32(4096), 0x81, 0xff, ...u32(memoryBytes)];
  const touch = [0xbf, ...u32(0x10_0000), ...loop, 0x72, 0x100 - (loop.length + 2)];
  return Uint8Array.from([...touch, ...print("!"), ...REST]);
}

/** What a guest can do to leave the monitor's KVM_RUN, once. */
export const EXITS = {
  /** `out 0x80, al`: a port that belongs to nobody. */
  "port write": [0xe6, 0x80],
  /** `in al, 0x80` */
  "port read": [0xe4, 0x80],
  /** `mov eax, [0xd0000000]`: an address that belongs to nobody. */
  "MMIO read": [0xa1, ...u32(0xd000_0000)],
  /** `mov [0xd0000000], eax` */
  "MMIO write": [0xa3, ...u32(0xd000_0000)],
  /** `xor eax, eax; cpuid`: KVM answers it without the monitor. */
  CPUID: [0x31, 0xc0, 0x0f, 0xa2],
} as const;

/** What the guest of `exitLoop` prints before and after. */
export const LOOP_MARKS = ["!", "?"] as const;

/** Prints, does one thing so many times, prints again and resets. */
export function exitLoop(exit: readonly number[], times: number): Uint8Array {
  // mov esi, TIMES; 1: EXIT; dec esi; jnz 1b. (CPUID changes the other registers.)
  const loop = [0xbe, ...u32(times), ...exit, 0x4e, 0x75, 0x100 - (exit.length + 3)];
  return Uint8Array.from([...print(LOOP_MARKS[0]), ...loop, ...print(LOOP_MARKS[1]), ...RESET, ...CRASH, ...REST]);
}

/** The same in 16-bit code: one byte on the console, and a reset. */
const PRINT_AND_END_16 = Uint8Array.from([0xba, 0xf8, 0x03, 0xb0, "!".charCodeAt(0), 0xee, ...RESET, ...REST]);

/** `PRINT_AND_END`, in all the formats that monitors take. */
export function writePrintAndEnd(folder: string): { readonly kernel: string; readonly flat: string } {
  const [kernel, flat] = [join(folder, "print-and-end"), join(folder, "print-and-end.bin")];
  writeTinyKernel(kernel, PRINT_AND_END);
  writeFileSync(flat, PRINT_AND_END_16);
  return { kernel, flat };
}

/**
 * Makes an ELF file that is entered in 32-bit mode, as PVH has it.
 * @param code position-independent
 * @param ballast bytes loaded behind it that nobody reads
 */
export function writeTinyKernel(path: string, code: Uint8Array, ballast = new Uint8Array()): void {
  // Zeros behind the code: an interrupt table of no length at 0x100.
  const bytes = concat(code, new Uint8Array(0x200 - code.length), ballast);
  const entry = { type: 4, address: ADDRESS, bytes: note("Xen", XEN_ELFNOTE_PHYS32_ENTRY, u32(ADDRESS)) };
  writeFileSync(path, buildElf(ADDRESS, [{ address: ADDRESS, bytes }, entry]));
}

/** Kernels of a few instructions, as vmlinux files that volt enters by their 64-bit entry. */
import { writeFileSync } from "node:fs";
import { assemble } from "../../kvm/tiny/assemble.ts";
import { buildElf } from "../../unit/boot/fixtures.ts";
import type { Folder } from "./volt.ts";

export const TINY_KERNEL_ADDRESS = 0x100_0000;
const OUT = (port: number, byte: number) => `mov dx, ${port}; mov al, ${byte}; out dx, al;`;

/** How a guest ends, in assembly: each is the last thing it does. */
export const END = {
  reset: `${OUT(0x64, 0xfe)} hlt`,
  /** S5, sleep type 5: the register of hardware-reduced ACPI. */
  poweroff: `${OUT(0x600, 0x34)} hlt`,
  acpiReset: `${OUT(0x602, 1)} hlt`,
  panicked: `${OUT(0x505, 1)} hlt`,
  /** There is no interrupt table: the exception has nowhere to go, nor has the one for that. */
  tripleFault: "ud2",
  /** Nothing ever wakes it but the end. */
  spin: "spin: jmp spin",
  halt: "cli; halt: hlt; jmp halt",
  /** No KVM emulates this with an operand that is no memory: 0xc0001000 is a free device window. */
  unserved: "mov ecx, 0xc0001000; popcnt eax, [rcx]",
} as const;

export const exitStatus = (status: number) => OUT(0x501, status);

/** Writes a text to the serial port without asking whether it has room, as Linux's early console does. */
export function print(text: string): string {
  const bytes = [...Buffer.from(text)].join(", ");
  return `jmp 2f; 1: .byte ${bytes}; 2: lea rsi, [rip + 1b]; mov ecx, ${text.length}; mov dx, 0x3f8; cld; rep outsb;`;
}

export interface TinyKernel {
  readonly path: string;
  /** `volt run` with this kernel, in little memory and with an initrd that is nobody's program. */
  readonly run: readonly string[];
}

/** @param text Intel-syntax assembly for long mode, as the Linux boot protocol enters it: no stack, no interrupts */
export function tinyKernel(folder: Folder, text: string): TinyKernel {
  const path = folder.file("kernel");
  writeFileSync(
    path,
    buildElf(TINY_KERNEL_ADDRESS, [{ address: TINY_KERNEL_ADDRESS, bytes: assemble(text, 64, TINY_KERNEL_ADDRESS) }]),
  );
  writeFileSync(folder.file("initrd"), "no program");
  return { path, run: ["run", "--kernel", path, "--initrd", folder.file("initrd"), "--memory", "32M"] };
}

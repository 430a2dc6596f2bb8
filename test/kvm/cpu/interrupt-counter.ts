/** Real-mode code that counts the interrupts of one line. */
import { COUNTERS } from "./smp-guest.ts";

const VECTORS = 0x20;

/**
 * The first interrupt controller at vector 0x20, only line `gsi` (0 to 7) let through; it halts, and its handler counts. It counts
 * once by itself, when it is up.
 */
export function countInterrupts(gsi: number): string {
  return `
    mov word ptr [${(VECTORS + gsi) * 4}], offset taken
    mov word ptr [${(VECTORS + gsi) * 4 + 2}], 0
    mov al, 0x11
    out 0x20, al
    mov al, ${VECTORS}
    out 0x21, al
    mov al, 4
    out 0x21, al
    mov al, 1
    out 0x21, al
    mov al, ${0xff & ~(1 << gsi)}
    out 0x21, al
    inc dword ptr [${COUNTERS}]
    sti
  asleep: hlt; jmp asleep
  taken:
    inc dword ptr [${COUNTERS}]
    mov al, 0x20
    out 0x20, al
    iret`;
}

/** A paste into a guest that adds up what it reads: what got lost, doubled or moved shows in the sum. */
import { NativeHost } from "../../testbed/native.ts";
import { print, tinyKernel } from "./tiny-kernel.ts";
import { cleanEnvironment, Folder, VOLT } from "./volt.ts";

const RECEIVER = 0x3f8;
const MODEM_CONTROL = 0x3fc;
const LINE_STATUS = 0x3fd;
/** Nothing is sent to a port that does not ask for it. */
const DTR_AND_RTS = 3;
const READY = "R";
const LINE = 32;

/** Lines of text as one pastes them, each with its number: `size` is a multiple of their 32 bytes. */
export function pastedText(size: number): string {
  if (size % LINE !== 0) throw new Error(`${size} bytes are no whole lines of ${LINE}`);
  return Array.from({ length: size / LINE }, (_, i) => `${String(i).padStart(10, "0")} one line of many here\n`).join(
    "",
  );
}

/** What the guest makes of the bytes: ((sum * 31) + byte) mod 2^32, which tells their order too. */
export function sumOf(text: string): number {
  let sum = 0;
  for (const byte of Buffer.from(text)) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return sum;
}

/** A kernel that polls the serial port for so many bytes, and answers with their sum. */
const adder = (size: number) => `
  mov dx, ${MODEM_CONTROL}; mov al, ${DTR_AND_RTS}; out dx, al;
  ${print(READY)}
  xor ebx, ebx; mov ecx, ${size};
  next: mov dx, ${LINE_STATUS}; in al, dx; test al, 1; jz next;
  mov dx, ${RECEIVER}; in al, dx; movzx eax, al;
  imul ebx, ebx, 31; add ebx, eax; dec ecx; jnz next;
  mov ecx, 4; answer: mov al, bl; out dx, al; shr ebx, 8; dec ecx; jnz answer;
  mov dx, 0x64; mov al, 0xfe; out dx, al; hlt`;

/** Pastes a text into volt's terminal, all of it at once. @returns the guest's sum */
export async function paste(text: string, timeoutMs: number): Promise<number> {
  using folder = new Folder();
  await using host = new NativeHost();
  const said: Buffer[] = [];
  let isReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const typed = async function* (): AsyncGenerator<Uint8Array> {
    await ready;
    yield Buffer.from(text);
  };
  const { status } = await host.run([VOLT, ...tinyKernel(folder, adder(text.length)).run], {
    env: cleanEnvironment(),
    tty: { rows: 24, columns: 80 },
    stdin: typed(),
    timeoutMs,
    onStdout: (bytes) => {
      said.push(bytes);
      if (bytes.includes(READY)) isReady();
    },
  });
  if (status !== 0) throw new Error(`volt ended with ${status}: ${Buffer.concat(said)}`);
  return Buffer.concat(said).readUInt32LE(READY.length);
}

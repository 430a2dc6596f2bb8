import { describe, expect, test } from "bun:test";
import { TinyGuest } from "./guest.ts";
import { PortRecorder } from "./recorder.ts";

describe("out", () => {
  test("of 1, 2 and 4 bytes reaches the device that claims the port, with its value", () => {
    using guest = new TinyGuest(`
      mov dx, 0x501
      mov eax, 0x11223344
      out dx, al
      inc dx
      out dx, ax
      inc dx
      out dx, eax
      hlt`);
    const device = new PortRecorder();
    guest.ports.attach(0x500, 8, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([
      ["write", 1, 1, 0x44n],
      ["write", 2, 2, 0x3344n],
      ["write", 3, 4, 0x11223344n],
    ]);
  });

  test("to an immediate port below 256 works alike", () => {
    using guest = new TinyGuest("mov al, 0xfe; out 0x64, al; hlt");
    const device = new PortRecorder();
    guest.ports.attach(0x60, 5, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([["write", 4, 1, 0xfen]]);
  });
});

describe("in", () => {
  test("of 1, 2 and 4 bytes gets the device's answer, and only that much of the register changes", () => {
    using guest = new TinyGuest(`
      mov dx, 0x500
      mov ecx, 0x55555555
      mov eax, ecx
      in al, dx
      mov ebx, eax
      mov eax, ecx
      in ax, dx
      mov esi, eax
      mov eax, ecx
      in eax, dx
      mov edi, eax
      hlt`);
    const device = new PortRecorder([0xab, 0xabcd, 0x89abcdef]);
    guest.ports.attach(0x500, 4, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const { rbx, rsi, rdi } = guest.vcpu.registers();
    expect([rbx, rsi, rdi]).toEqual([0x555555abn, 0x5555abcdn, 0x89abcdefn]);
    expect(device.accesses.map(([, , size]) => size)).toEqual([1, 2, 4]);
  });

  test("sees no more of an answer than it asked for", () => {
    using guest = new TinyGuest("mov dx, 0x500; xor eax, eax; in al, dx; hlt");
    guest.ports.attach(0x500, 1, new PortRecorder([0x12345678]));
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(guest.vcpu.registers().rax).toBe(0x78n);
  });
});

describe("a string of port I/O", () => {
  test.each([
    ["outsb", 1, 0x41n],
    ["outsw", 2, 0x4241n],
    ["outsd", 4, 0x44434241n],
  ] as const)("by rep %s hands over every element, in order", (instruction, size, first) => {
    using guest = new TinyGuest(`
      mov dx, 0x3f8
      mov si, offset text
      mov cx, ${12 / size}
      cld
      rep ${instruction}
      hlt
      text: .ascii "ABCDEFGHIJKL"`);
    const device = new PortRecorder();
    guest.ports.attach(0x3f8, 8, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toHaveLength(12 / size);
    expect(device.accesses[0]).toEqual(["write", 0, size, first]);
    expect(textOf(device)).toBe("ABCDEFGHIJKL");
  });

  test.each([
    ["insb", 1, [0x41, 0x42, 0x43]],
    ["insw", 2, [0x4241, 0x4443, 0x4645]],
    ["insd", 4, [0x44434241, 0x48474645, 0x4c4b4a49]],
  ] as const)("by rep %s fills memory with every answer, in order", (instruction, size, answers) => {
    using guest = new TinyGuest(`mov dx, 0x3f8; mov di, 0x8000; mov cx, 3; cld; rep ${instruction}; hlt`);
    const device = new PortRecorder(answers);
    guest.ports.attach(0x3f8, 8, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const filled = guest.memory.subarray(0x8000, 0x8000 + 3 * size + 1);
    expect(Buffer.from(filled).toString()).toBe(`${"ABCDEFGHIJKL".slice(0, 3 * size)}\0`);
    expect(device.accesses.every(([kind, offset, width]) => kind === "read" && offset === 0 && width === size)).toBe(
      true,
    );
  });

  test("longer than a page arrives whole", () => {
    using guest = new TinyGuest("mov dx, 0x3f8; mov si, 0x8000; mov cx, 5000; cld; rep outsb; hlt");
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 0xff);
    guest.memory.set(bytes, 0x8000);
    const device = new PortRecorder();
    guest.ports.attach(0x3f8, 8, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(Uint8Array.from(device.accesses, ([, , , value]) => Number(value))).toEqual(bytes);
  });
});

describe("a port nobody claims", () => {
  test("reads as all ones, in every width", () => {
    using guest = new TinyGuest(`
      mov dx, 0x700
      xor eax, eax
      in al, dx
      mov ebx, eax
      xor eax, eax
      in ax, dx
      mov esi, eax
      xor eax, eax
      in eax, dx
      mov edi, eax
      hlt`);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const { rbx, rsi, rdi } = guest.vcpu.registers();
    expect([rbx, rsi, rdi]).toEqual([0xffn, 0xffffn, 0xffff_ffffn]);
  });

  test("reads as all ones for a string too, and swallows writes, up to the last port", () => {
    using guest = new TinyGuest(`
      mov dx, 0xffff
      out dx, al
      out dx, eax
      mov di, 0x8000
      mov cx, 4
      cld
      rep insb
      hlt`);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect([...guest.memory.subarray(0x8000, 0x8005)]).toEqual([0xff, 0xff, 0xff, 0xff, 0]);
  });

  test("next to a device's is not the device's", () => {
    using guest = new TinyGuest("mov dx, 0x4ff; out dx, al; mov dx, 0x502; out dx, al; hlt");
    const device = new PortRecorder();
    guest.ports.attach(0x500, 2, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([]);
    expect(guest.served).toBe(2);
  });
});

/** Everything written to a device, as text. */
function textOf({ accesses }: PortRecorder): string {
  return accesses
    .flatMap(([, , size, value]) => Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)))
    .map((byte) => String.fromCharCode(byte))
    .join("");
}

import { describe, expect, test } from "bun:test";
import { TinyGuest, WINDOWS } from "./guest.ts";
import { MmioRecorder } from "./recorder.ts";

/** Loads a register with the segment, or in long mode the address, of the device windows. */
const REAL = "mov ax, 0xa000; mov es, ax;";
const LONG = `mov rbx, ${WINDOWS};`;

describe("an MMIO write", () => {
  test("of 1, 2 and 4 bytes reaches the window's device with its offset and value", () => {
    using guest = new TinyGuest(`
      ${REAL}
      mov eax, 0x11223344
      mov es:[0x10], al
      mov es:[0x22], ax
      mov es:[0x34], eax
      hlt`);
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([
      ["write", 0x10, 1, 0x44n],
      ["write", 0x22, 2, 0x3344n],
      ["write", 0x34, 4, 0x11223344n],
    ]);
  });

  test("of 8 bytes is one access", () => {
    using guest = new TinyGuest(`${LONG} mov rax, 0x1122334455667788; mov [rbx+0x1008], rax; hlt`, { mode: "long" });
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS + 0x1000, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([["write", 8, 8, 0x1122334455667788n]]);
  });

  test("of 16 bytes comes as two of 8", () => {
    using guest = new TinyGuest(`${LONG} movups xmm0, [0x8000]; movups [rbx+0x20], xmm0; hlt`, { mode: "long" });
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS, device);
    for (let i = 0; i < 16; i++) guest.memory[0x8000 + i] = 0x10 + i;
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([
      ["write", 0x20, 8, 0x1716151413121110n],
      ["write", 0x28, 8, 0x1f1e1d1c1b1a1918n],
    ]);
  });

  test("of a string arrives element by element", () => {
    using guest = new TinyGuest(`${REAL} mov ax, 0x4142; mov di, 0x100; mov cx, 3; cld; rep stosw; hlt`);
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([0x100, 0x102, 0x104].map((offset) => ["write", offset, 2, 0x4142n] as const));
  });
});

describe("an MMIO read", () => {
  test("of 1, 2 and 4 bytes gets the device's bytes, and only that much of the register changes", () => {
    using guest = new TinyGuest(`
      ${REAL}
      mov ebx, 0x55555555
      mov esi, ebx
      mov edi, ebx
      mov bl, es:[0x00]
      mov si, es:[0x02]
      mov edi, es:[0x04]
      hlt`);
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const { rbx, rsi, rdi } = guest.vcpu.registers();
    expect([rbx, rsi, rdi]).toEqual([0x55555501n, 0x55550403n, 0x08070605n]);
    expect(device.accesses.map(([kind, offset, size]) => [kind, offset, size])).toEqual([
      ["read", 0, 1],
      ["read", 2, 2],
      ["read", 4, 4],
    ]);
  });

  test("of 8 bytes is one access", () => {
    using guest = new TinyGuest(`${LONG} mov rax, [rbx]; hlt`, { mode: "long" });
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(guest.vcpu.registers().rax).toBe(0x0807060504030201n);
    expect(device.accesses).toEqual([["read", 0, 8, 0x0807060504030201n]]);
  });

  test("that adds to a register reads once and writes once", () => {
    using guest = new TinyGuest(`${REAL} add dword ptr es:[0x40], 1; hlt`);
    const device = new MmioRecorder();
    guest.windows.attach(WINDOWS, device);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(device.accesses).toEqual([
      ["read", 0x40, 4, 0x44434241n],
      ["write", 0x40, 4, 0x44434242n],
    ]);
  });
});

describe("an access across a window's edge", () => {
  test("comes in two, each device getting no byte of the other's", () => {
    using guest = new TinyGuest(`${REAL} mov eax, 0x44332211; mov es:[0xffe], eax; mov ebx, es:[0xffe]; hlt`);
    const first = new MmioRecorder();
    const second = new MmioRecorder();
    guest.windows.attach(WINDOWS, first);
    guest.windows.attach(WINDOWS + 0x1000, second);
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(first.accesses).toEqual([
      ["write", 0xffe, 2, 0x2211n],
      ["read", 0xffe, 2, 0x00ffn],
    ]);
    expect(second.accesses).toEqual([
      ["write", 0, 2, 0x4433n],
      ["read", 0, 2, 0x0201n],
    ]);
    expect(guest.vcpu.registers().rbx).toBe(0x020100ffn);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])(
    "of 8 bytes is split after byte %i, so that every length from 1 to 7 is seen",
    (split) => {
      const program = `${LONG} mov rax, 0x8877665544332211; mov [rbx+${0x1000 - split}], rax; hlt`;
      using guest = new TinyGuest(program, { mode: "long" });
      const first = new MmioRecorder();
      const second = new MmioRecorder();
      guest.windows.attach(WINDOWS, first);
      guest.windows.attach(WINDOWS + 0x1000, second);
      expect(guest.run()).toBe("KVM_EXIT_HLT");
      const low = 0x8877665544332211n & ((1n << BigInt(8 * split)) - 1n);
      expect(first.accesses).toEqual([["write", 0x1000 - split, split, low]]);
      expect(second.accesses).toEqual([["write", 0, 8 - split, 0x8877665544332211n >> BigInt(8 * split)]]);
    },
  );

  test("into the end of RAM leaves RAM the part that is its own", () => {
    // In real mode the linear address does not wrap at 64 KiB: DS is moved up by 0x100 paragraphs.
    using guest = new TinyGuest("mov ax, 0x100; mov ds, ax; mov eax, 0x44332211; mov [0xeffe], eax; hlt");
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect([...guest.memory.subarray(0xfffe)]).toEqual([0x11, 0x22]);
  });
});

describe("an address nobody claims", () => {
  test("reads as all ones and swallows writes, in and beyond the grid of windows", () => {
    using guest = new TinyGuest(
      `${LONG}
      mov [rbx+0x2000], rbx
      mov rcx, [rbx+0x2000]
      mov esi, [rbx+0x10000]
      movzx edi, byte ptr [rbx-1]
      mov r8, [0x3ffffff8]
      hlt`,
      { mode: "long" },
    );
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const { rcx, rsi, rdi, r8 } = guest.vcpu.registers();
    expect([rcx, rsi, rdi, r8]).toEqual([0xffff_ffff_ffff_ffffn, 0xffff_ffffn, 0xffn, 0xffff_ffff_ffff_ffffn]);
  });
});

import { describe, expect, test } from "bun:test";
import { Fd } from "../../../ffi/fd.ts";
import { addressOf, adviseMemory, copyMemory, MADV, MAP, Mapping, map, memoryAt, PROT } from "../../../ffi/memory.ts";
import { isMapped, mappingsOf } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";

const PAGE = 4096;

describe("a mapping", () => {
  test("is zeroed, readable and writable", () => {
    using memory = Mapping.create(PAGE, { about: "a page" });
    const bytes = new Uint8Array(memory.view());
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    bytes[PAGE - 1] = 9;
    expect(new Uint8Array(memoryAt(memory.address + PAGE - 1, 1))[0]).toBe(9);
  });

  test("is given back when it is disposed of, once", () => {
    const memory = Mapping.create(PAGE, { about: "a page" });
    expect(isMapped(memory.address)).toBe(true);
    memory[Symbol.dispose]();
    expect(isMapped(memory.address)).toBe(false);
    // Somebody else's by now: a second call must not take it away.
    const other = map(PAGE, { about: "another", at: memory.address, flags: MAP.PRIVATE | MAP.ANONYMOUS | MAP.FIXED });
    memory[Symbol.dispose]();
    expect(isMapped(other)).toBe(true);
    using _ = mappingAt(other);
  });

  test("of a file sees the file, and a hundred of them leave nothing behind", () => {
    using file = Fd.sealed("volt-mapped", Buffer.from("content"));
    for (let i = 0; i < 100; i++) {
      using mapped = Mapping.create(PAGE, { about: "the file", file, flags: MAP.PRIVATE, protection: PROT.READ });
      expect(Buffer.from(mapped.view(0, 7)).toString()).toBe("content");
      expect(mappingsOf("volt-mapped")).toHaveLength(1);
    }
    expect(mappingsOf("volt-mapped")).toEqual([]);
  });

  test("can start in the middle of a file", () => {
    using file = Fd.sealed("offset", Buffer.concat([Buffer.alloc(PAGE), Buffer.from("second page")]));
    const options = { about: "the file", file, offset: PAGE, flags: MAP.PRIVATE, protection: PROT.READ };
    using mapped = Mapping.create(PAGE, options);
    expect(Buffer.from(mapped.view(0, 11)).toString()).toBe("second page");
  });

  test("of more than 4 GiB is one mapping, seen through windows", () => {
    const flags = MAP.PRIVATE | MAP.ANONYMOUS | MAP.NORESERVE;
    using memory = Mapping.create(6 * 2 ** 30, { about: "guest memory", flags });
    new Uint8Array(memory.view(5 * 2 ** 30, PAGE))[0] = 1;
    expect(new Uint8Array(memoryAt(memory.address + 5 * 2 ** 30, 1))[0]).toBe(1);
  });

  test("that can't be had is an error that says what it was for", () => {
    const error = systemError(() => Mapping.create(2 ** 50, { about: "guest memory" }));
    expect(error.message).toBe("guest memory: mmap: Cannot allocate memory (ENOMEM)");
    expect(systemError(() => Mapping.create(0, { about: "nothing" })).code).toBe("EINVAL");
  });
});

describe("a view", () => {
  test.each([
    [0, PAGE + 1],
    [1, PAGE],
    [-1, 1],
    [PAGE + 1, 0],
    [0, -1],
  ])("at %i of %i bytes is refused", (offset, length) => {
    using memory = Mapping.create(PAGE, { about: "a page" });
    expect(() => memory.view(offset, length)).toThrow(
      new RangeError(`a page: a view of ${length} bytes at ${offset} is outside its 4096 bytes`),
    );
  });

  test("of the last byte is allowed", () => {
    using memory = Mapping.create(PAGE, { about: "a page" });
    expect(memory.view(PAGE - 1, 1).byteLength).toBe(1);
  });
});

describe("advice", () => {
  test("that the host knows is taken", () => {
    using memory = Mapping.create(PAGE, { about: "a page" });
    expect(memory.advise(MADV.DONTDUMP)).toBe(true);
    expect(adviseMemory(memory.address, PAGE, MADV.WILLNEED)).toBe(true);
  });

  test("that it does not know is no error", () => {
    using memory = Mapping.create(PAGE, { about: "a page" });
    expect(memory.advise(9999)).toBe(false);
  });
});

/** Takes over what `map` made, to unmap it. */
function mappingAt(address: number): Disposable {
  return Mapping.create(PAGE, { about: "reclaimed", at: address, flags: MAP.PRIVATE | MAP.ANONYMOUS | MAP.FIXED });
}

test("bytes are copied between JavaScript's memory and any other", () => {
  using memory = Mapping.create(PAGE, { about: "a page" });
  const bytes = new Uint8Array(new ArrayBuffer(8));
  copyMemory(memory.address + 10, Uint8Array.of(1, 2, 3), 3);
  copyMemory(addressOf(bytes) + 1, memory.address + 9, 4);
  expect([...bytes]).toEqual([0, 0, 1, 2, 3, 0, 0, 0]);
});

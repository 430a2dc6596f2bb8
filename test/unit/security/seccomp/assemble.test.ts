import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Errno } from "../../../../ffi/error.ts";
import { allSystemCalls, systemCallNumber } from "../../../../ffi/system-calls.ts";
import { assemble } from "../../../../src/security/seccomp/assemble.ts";
import { allow, is, type Rule, refuse, without } from "../../../../src/security/seccomp/rule.ts";
import { verdict } from "../../../support/bpf.ts";

const filter = (...rules: Rule[]) => assemble({ thread: "a test's", rules });
const call = (name: string, ...args: number[]) => ({ number: systemCallNumber(name), args });

describe("a filter", () => {
  test("lets what a rule allows through, with any argument", () => {
    const program = filter(allow("", "read write"));
    expect(verdict(program, call("read", 1, 2, 3))).toBe("allow");
    expect(verdict(program, call("write", -1))).toBe("allow");
  });

  test("traps what no rule names", () => {
    expect(verdict(filter(allow("", "read")), call("execve"))).toBe("trap");
    expect(verdict(filter(), call("read"))).toBe("trap");
  });

  test("answers what is refused with its error", () => {
    expect(verdict(filter(refuse("", "ENOSYS", "clone3")), call("clone3"))).toBe(Errno.ENOSYS);
  });

  test("wants every condition of a rule", () => {
    const program = filter(
      allow("", "kill", [is(0, "pid", { a: 7 }), is(1, "sig", { b: 9, c: 10 })]),
      allow("", "exit"),
    );
    expect(verdict(program, call("kill", 7, 9))).toBe("allow");
    expect(verdict(program, call("kill", 7, 10))).toBe("allow");
    expect(verdict(program, call("kill", 7, 11))).toBe("trap");
    expect(verdict(program, call("kill", 8, 9))).toBe("trap");
    expect(verdict(program, call("exit", 8))).toBe("allow");
  });

  test("tries the rules of a call in their order", () => {
    const program = filter(allow("", "ioctl", [is(1, "", { a: 1 })]), refuse("", "EPERM", "ioctl"));
    expect(verdict(program, call("ioctl", 0, 1))).toBe("allow");
    expect(verdict(program, call("ioctl", 0, 2))).toBe(Errno.EPERM);
  });

  test("sees bits through a mask", () => {
    const program = filter(allow("", "mprotect", [without(2, "prot", 4, "")]));
    expect(verdict(program, call("mprotect", 0, 0, 3))).toBe("allow");
    expect(verdict(program, call("mprotect", 0, 0, 7))).toBe("trap");
  });

  test("compares as unsigned what looks negative", () => {
    const program = filter(allow("", "ioctl", [is(1, "", { high: 0xc008_ae05 })]));
    expect(verdict(program, call("ioctl", 0, 0xc008_ae05))).toBe("allow");
    expect(verdict(program, call("ioctl", 0, 0xc008_ae05 | 0))).toBe("allow");
  });

  test("kills for calls by another ABI: i386's, and x32's", () => {
    const program = filter(allow("", "read"));
    expect(verdict(program, { ...call("read"), arch: 0x4000_0003 })).toBe("kill");
    expect(verdict(program, { number: 0x4000_0000 + systemCallNumber("read") })).toBe("kill");
    expect(verdict(program, { number: -1 })).toBe("kill");
  });

  test("says of calls newer than itself that there are none, so that glibc takes older ones", () => {
    expect(verdict(filter(), { number: Math.max(...allSystemCalls().values()) + 1 })).toBe(Errno.ENOSYS);
  });

  test("of an audit lets through what comes from the handler, and nothing else", () => {
    const place = 0x7f12_3456_789a;
    const program = assemble({ thread: "", rules: [] }, place);
    expect(verdict(program, { ...call("socket"), instructionPointer: place })).toBe("allow");
    expect(verdict(program, { ...call("socket"), instructionPointer: place + 1 })).toBe("trap");
    expect(verdict(program, { ...call("socket"), instructionPointer: place + 2 ** 32 })).toBe("trap");
  });

  test("has room for 250 values in a condition, and says so of more", () => {
    const values = (n: number) => [{ argument: 1, name: "", means: "", oneOf: Array.from({ length: n }, (_, i) => i) }];
    const program = filter(allow("", "ioctl", values(250)), allow("", "read"));
    for (const i of [0, 1, 125, 249]) expect(verdict(program, call("ioctl", 0, i))).toBe("allow");
    expect(verdict(program, call("ioctl", 0, 250))).toBe("trap");
    expect(verdict(program, call("read"))).toBe("allow");
    expect(() => filter(allow("", "ioctl", values(251)))).toThrow("251 values");
  });

  test("decides as its rules read, whatever they are", () => {
    const names = [...allSystemCalls().keys()];
    const condition = fc.record({
      argument: fc.integer({ min: 0, max: 2 }),
      name: fc.constant(""),
      means: fc.constant(""),
      mask: fc.constantFrom(0xffff_ffff, 1, 6),
      oneOf: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 }),
    });
    const rule = fc.record({
      calls: fc.array(fc.constantFrom(...names.slice(0, 6)), { minLength: 1, maxLength: 3 }),
      when: fc.array(condition, { minLength: 1, maxLength: 3 }),
      why: fc.constant(""),
      refuse: fc.constantFrom(undefined, "EPERM" as const),
    });
    const plain = (rules: readonly Rule[], name: string, args: readonly number[]) => {
      const found = rules.find(
        ({ calls, when }) =>
          calls.includes(name) &&
          when.every(({ argument, mask = -1, oneOf }) => oneOf.includes((args[argument]! & mask) >>> 0)),
      );
      return found === undefined ? "trap" : found.refuse === undefined ? "allow" : Errno[found.refuse];
    };
    const args = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 8 }),
        fc.constantFrom(...names.slice(0, 8)),
        args,
        (found, name, values) => {
          const rules = found.map(({ refuse: error, ...rest }): Rule => (error ? { ...rest, refuse: error } : rest));
          expect(verdict(filter(...rules), call(name, ...values))).toBe(plain(rules, name, values));
        },
      ),
    );
  });
});

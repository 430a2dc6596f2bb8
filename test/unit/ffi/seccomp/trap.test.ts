import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Errno } from "../../../../ffi/error.ts";
import { AUDIT_CODE, AUDIT_SOURCE, ENFORCE_CODE, ENFORCE_SOURCE } from "../../../../ffi/seccomp/trap-code.ts";
import { systemCallNumber } from "../../../../ffi/system-calls.ts";
import { assemble } from "../../../kvm/tiny/assemble.ts";
import { ROOT } from "../../../support/source-tree.ts";

test.each([
  ["enforce", ENFORCE_CODE, ENFORCE_SOURCE],
  ["audit", AUDIT_CODE, AUDIT_SOURCE],
])("the code of %s is what its assembly says", (_, code, source) => {
  expect(code).toEqual(new Uint8Array(assemble(source, 64, 0)));
});

/** A process of its own, under a filter that traps socket(2) and bind(2) and allows the rest. */
function confined(trap: string, script: string) {
  const traps = ["socket", "bind"].map(systemCallNumber);
  const program = `
    import { SeccompTrap } from ${JSON.stringify(join(ROOT, "ffi/seccomp/trap.ts"))};
    import { installFilter } from ${JSON.stringify(join(ROOT, "ffi/seccomp/filter.ts"))};
    import { nameThread } from ${JSON.stringify(join(ROOT, "ffi/process.ts"))};
    import { libc } from ${JSON.stringify(join(ROOT, "ffi/libc.ts"))};
    nameThread("a test's");
    libc.prctl(38, 1, 0, 0, 0);
    const trap = ${trap};
    const words = [trap.auditReturn % 2 ** 32, Math.floor(trap.auditReturn / 2 ** 32)];
    const op = (code, k, jt = 0, jf = 0) => [code | (jt << 16) | (jf << 24), k];
    installFilter(Uint32Array.from([
      op(0x20, 8), op(0x15, words[0], 0, 2), op(0x20, 12), op(0x15, words[1], 4, 0),
      op(0x20, 0), op(0x15, ${traps[0]}, 1, 0), op(0x15, ${traps[1]}, 0, 1), op(0x06, 0x30000), op(0x06, 0x7fff0000),
    ].flat()), true);
    const socket = () => libc.syscall(${traps[0]}, 1, 2, 0, 0, 0);
    ${script}`;
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "-e", program], { timeout: 20_000 });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const ENFORCE = `SeccompTrap.enforce(2, { prefix: "A ", middle: " B ", suffix: " C\\n" })`;

describe("enforcing", () => {
  test("says who made which call, and ends the process", () => {
    const end = confined(ENFORCE, "socket(); console.log('still here')");
    expect(end).toEqual({ exitCode: 159, stdout: "", stderr: "A a test's B socket(..., 0x00000002 C\n" });
  });

  test("ends it with another status where it is told one", () => {
    const words = `{ prefix: "A ", middle: " B ", suffix: " C\\n" }`;
    expect(confined(`SeccompTrap.enforce(2, ${words}, 148)`, "socket()").exitCode).toBe(148);
  });

  test("works from any thread", () => {
    const folder = mkdtempSync(join(tmpdir(), "volt-trap-"));
    try {
      const bind = systemCallNumber("bind");
      writeFileSync(
        join(folder, "worker.ts"),
        `import { nameThread } from ${JSON.stringify(join(ROOT, "ffi/process.ts"))};
         import { libc } from ${JSON.stringify(join(ROOT, "ffi/libc.ts"))};
         nameThread("other");
         libc.syscall(${bind}, 0, 0xabc, 0, 0, 0);`,
      );
      const end = confined(ENFORCE, `new Worker(${JSON.stringify(join(folder, "worker.ts"))}); await Bun.sleep(4000);`);
      expect(end).toEqual({ exitCode: 159, stdout: "", stderr: "A other B bind(..., 0x00000abc C\n" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("auditing", () => {
  test("notes each call and hands over what it came to", () => {
    const script = `
      const first = socket();
      const second = libc.syscall(${systemCallNumber("bind")}, -1, 7, 0, 0, 0);
      console.log(JSON.stringify([first > 2, second, trap.audited(), process.pid]));`;
    const { exitCode, stdout } = confined("SeccompTrap.audit()", script);
    expect(exitCode).toBe(0);
    const [first, second, { calls, count }, pid] = JSON.parse(stdout);
    expect([first, second, count]).toEqual([true, -Errno.EBADF, 2]);
    expect(calls).toEqual([
      { number: systemCallNumber("socket"), threadId: pid, secondArgument: 2 },
      { number: systemCallNumber("bind"), threadId: pid, secondArgument: 7 },
    ]);
  });

  test("keeps the first 256 calls and counts the rest", () => {
    const script =
      "for (let i = 0; i < 300; i++) libc.close(socket()); console.log(trap.audited().calls.length, trap.audited().count);";
    expect(confined("SeccompTrap.audit()", script).stdout).toBe("256 300\n");
  });
});

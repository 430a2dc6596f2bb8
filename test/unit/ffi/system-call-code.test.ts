import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { functionCode, type SystemCallFunction } from "../../../ffi/system-call-code.ts";
import { systemCalls } from "../../../ffi/system-call-table.ts";
import { systemCallNumber } from "../../../ffi/system-calls.ts";
import { assemble } from "../../kvm/tiny/assemble.ts";
import { ROOT } from "../../support/source-tree.ts";

describe("a system call's function is", () => {
  const zero = { 4: "xor r10d, r10d", 5: "xor r8d, r8d", 6: "xor r9d, r9d" };
  test.each<[string, SystemCallFunction, readonly string[]]>([
    ["getpid()", { number: 39, args: Array(0) }, [zero[4], zero[5], zero[6], "mov eax, 39"]],
    ["wait4(pid, status, options, NULL)", { number: 61, args: Array(3) }, [zero[4], zero[5], zero[6], "mov eax, 61"]],
    ["accept4", { number: 288, args: Array(4) }, ["mov r10, rcx", zero[5], zero[6], "mov eax, 288"]],
    ["prctl", { number: 157, args: Array(5) }, ["mov r10, rcx", zero[6], "mov eax, 157"]],
    ["mmap", { number: 9, args: Array(6) }, ["mov r10, rcx", "mov eax, 9"]],
    [
      "any, by its number",
      { number: undefined, args: Array(6) },
      [
        ...["mov rax, rdi", "mov rdi, rsi", "mov rsi, rdx", "mov rdx, rcx", "mov r10, r8", "mov r8, r9"],
        "xor r9d, r9d",
      ],
    ],
  ])("%s", (_, one, lines) => {
    const source = [...lines, "syscall", "ret"].join("\n");
    expect(Uint8Array.from(functionCode(one))).toEqual(new Uint8Array(assemble(source, 64, 0)));
  });
});

test("the table's numbers are Linux's", () => {
  const kernelNames: Readonly<Record<string, string>> = {
    ...{ pread: "pread64", pwrite: "pwrite64", send: "sendto", recv: "recvfrom" },
    ...{ eventfd: "eventfd2", waitpid: "wait4", _exit: "exit_group" },
  };
  const { syscall, ...named } = systemCalls;
  for (const [name, { number }] of Object.entries(named)) {
    expect<[string, number]>([name, number]).toEqual([name, systemCallNumber(kernelNames[name] ?? name)]);
  }
  expect(syscall.number).toBeUndefined();
});

test("a Worker under the filters, which let it make no code, uses that of the thread that started it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-calls-"));
  const source = (path: string) => JSON.stringify(join(ROOT, path));
  try {
    const worker = join(folder, "worker.ts");
    writeFileSync(worker, `import { libc } from ${source("ffi/libc.ts")}; self.postMessage(libc.close(-1));`);
    // The filters let it look at no file by name: its program comes with it, as in the executable.
    const [program] = (await Bun.build({ entrypoints: [worker], target: "bun" })).outputs;
    const script = `
      import { libc, WORKER_ARGUMENT } from ${source("ffi/libc.ts")};
      import { SeccompTrap } from ${source("ffi/seccomp/trap.ts")};
      import { apply } from ${source("src/security/seccomp/apply.ts")};
      import { Filters } from ${source("src/security/seccomp/filters.ts")};
      libc.prctl(38, 1, 0, 0, 0);
      SeccompTrap.enforce(1, { prefix: "trapped: ", middle: " ", suffix: "\\n" });
      apply(new Filters(process.pid, []).program("common"), "every thread");
      const program = new Blob([${JSON.stringify(await program!.text())}], { type: "application/javascript" });
      new Worker(URL.createObjectURL(program), { argv: [WORKER_ARGUMENT] }).onmessage = ({ data }) => {
        libc.write(1, Buffer.from(String(data)), String(data).length);
        libc._exit(0);
      };`;
    writeFileSync(join(folder, "main.ts"), script);
    const child = Bun.spawnSync([process.execPath, join(folder, "main.ts")], { timeout: 30_000, stderr: "pipe" });
    expect({ stdout: child.stdout.toString(), status: child.exitCode }).toEqual({ stdout: "-9", status: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

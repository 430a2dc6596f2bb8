import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/config/parse.ts";
import type { VmConfigInput } from "../../../src/config/schema.ts";
import { recordBoot, watched } from "../../../src/explain/boot.ts";

const vm = (input: VmConfigInput) => parseConfig(input, "", (field) => field);

/** Stands for volt: a script that gets the VM's description as $3. */
function fakeVolt(script: string): { volt: string[]; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), "volt-fake-"));
  const path = join(folder, "volt.sh");
  writeFileSync(path, script);
  return { volt: ["sh", path], [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

describe("the VM that is explained", () => {
  test("is the user's, asked to tell, with a trace; its words for init stay last", () => {
    const config = vm({ "machine-config": { vcpu_count: 2 }, volt: { append: "x", detached: true } });
    const asked = watched(config, "quiet x -- single", ["initcall_debug"], ["dmesg"], "t.json");
    expect(asked["boot-source"].boot_args).toBe("initcall_debug quiet x -- single");
    expect(asked["machine-config"].vcpu_count).toBe(2);
    expect(asked.volt).toMatchObject({ command: ["dmesg"], trace_path: "t.json" });
    expect([asked.volt.append, asked.volt.detached]).toEqual([undefined, undefined]);
    // What it makes is again what --config takes.
    expect(vm(JSON.parse(JSON.stringify(asked)))).toEqual(asked);
  });
});

describe("a boot's record", () => {
  const request = { config: vm({}), commandLine: "quiet", isPacked: false, seconds: 20 };
  const before = () => readdirSync(tmpdir()).filter((name) => name.startsWith("volt-explain-"));

  test("has the kernel's lines, its calls, volt's phases and its exits, and leaves nothing behind", async () => {
    const there = before();
    using fake = fakeVolt(`
      trace=$(sed 's/.*"trace_path":"\\([^"]*\\)".*/\\1/' "$3")
      echo '{"traceEvents":[{"ph":"X","name":"guest ended","ts":5000}],"otherData":{"exits":[{"vcpu":0,"ports":[],"runs":[],"lost":3}]}}' >"$trace"
      echo '[    0.050000] a line on the console'
      echo 'volt-explain: log'
      printf '[    0.100000] initcall a_init+0x0/0x1 returned 0 after 1500 usecs\\r\\n[    0.200000] \\033[2Jx\\r\\n' | gzip | base64
      echo 'volt-explain: end'`);
    const boot = await recordBoot({ ...request, volt: fake.volt });
    expect(boot.calls).toEqual([{ name: "a_init", kind: "initcall", ms: 1.5, line: 0 }]);
    // A guest's text can't reprogram the reader's terminal.
    expect(boot.log[1]).toEqual({ at: 0.2, text: "\\x1b[2Jx" });
    expect(boot.phases.get("guest ended")).toBe(5);
    expect(boot.exits[0]!.lost).toBe(3);
    expect(boot.logFrom).toBe("buffer");
    expect(before()).toEqual(there);
  });

  test("of another initrd's guest is what its console says", async () => {
    using fake = fakeVolt(`
      trace=$(sed 's/.*"trace_path":"\\([^"]*\\)".*/\\1/' "$3")
      echo '{"traceEvents":[],"otherData":{"exits":[]}}' >"$trace"
      grep -o 'ignore_loglevel' "$3" && echo '[    0.050000] a line on the console'`);
    const config = vm({ "boot-source": { initrd_path: "their.cpio" } });
    const boot = await recordBoot({ ...request, config, volt: fake.volt });
    expect(boot.log).toEqual([{ at: 0.05, text: "a line on the console" }]);
    expect(boot.logFrom).toBe("console");
  });

  test("of a volt that failed is volt's own words", async () => {
    using fake = fakeVolt("echo 'volt: --memory: too much' >&2; exit 125");
    expect(recordBoot({ ...request, volt: fake.volt })).rejects.toThrow("--memory: too much");
  });

  test("of a guest that is not done in time says so, and volt is asked to end", async () => {
    using fake = fakeVolt("exec sleep 30");
    const late = recordBoot({ ...request, volt: fake.volt, seconds: 0.3 });
    expect(late).rejects.toThrow("not done booting after 0.3 s: give it more time (--seconds)");
    await late.catch(() => undefined);
  });

  test("of a guest that crashed says so", async () => {
    using fake = fakeVolt("echo half a line; exit 124");
    expect(recordBoot({ ...request, volt: fake.volt })).rejects.toThrow(
      /the guest crashed.*volt run.*--append loglevel=7/,
    );
  });

  test("of a guest of one's own that says nothing names the word that is missing", async () => {
    using fake = fakeVolt("exit 0");
    const config = vm({ "boot-source": { initrd_path: "their.cpio" } });
    expect(recordBoot({ ...request, config, volt: fake.volt })).rejects.toThrow(
      /the guest's kernel said nothing on its console.*console=ttyS0/,
    );
  });

  test("of a guest whose init has its log lost says what is missing there", async () => {
    using fake = fakeVolt("echo sh: dmesg: not found");
    expect(recordBoot({ ...request, volt: fake.volt })).rejects.toThrow(/the kernel's log did not come.*exit status 0/);
  });
});

import { expect, test } from "bun:test";
import { runTool } from "../../../src/kernels/tool.ts";

const sh = (script: string, more = {}) => runTool(["sh", "-c", script], { package: "dash", ...more });

test("a program's output comes back, or goes line by line to who asks", async () => {
  expect(await sh("echo one; echo two")).toBe("one\ntwo\n");
  const lines: string[] = [];
  expect(await sh("printf 'one\\ntwo\\nthree'", { onLine: (line: string) => lines.push(line) })).toBe("");
  expect(lines).toEqual(["one", "two", "three"]);
});

test("variables are added and taken away", async () => {
  process.env["VOLT_TEST_GONE"] = "x";
  const env = { VOLT_TEST_NEW: "new", VOLT_TEST_GONE: undefined };
  const script = "echo $VOLT_TEST_NEW; env | grep -c GONE || true";
  expect(await sh(script, { env })).toBe("new\n0\n");
  delete process.env["VOLT_TEST_GONE"];
});

test("a failure is one line: the program, and what it complained of first", async () => {
  await expect(
    sh("echo W: never mind >&2; echo a.c:3: error: no x >&2; echo make: failed >&2; exit 2"),
  ).rejects.toThrow(/^sh: a\.c:3: error: no x$/);
  await expect(sh("exit 3")).rejects.toThrow(/^sh: it ended with status 3$/);
  await expect(sh("kill -9 $$")).rejects.toThrow(/^sh: it ended with status SIGKILL$/);
});

test("tar's reason is told, and not that it gave up for it", async () => {
  await expect(runTool(["tar", "-xf", "/nonexistent.tar"], { package: "tar" })).rejects.toThrow(
    /^tar: \/nonexistent.tar: Cannot open: No such file or directory$/,
  );
});

test("a program that is not there is named with its package", async () => {
  await expect(runTool(["volt-no-such-program"], { package: "nothing" })).rejects.toThrow(
    "volt-no-such-program: it is not installed: apt-get install nothing",
  );
});

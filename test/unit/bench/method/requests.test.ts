import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileC } from "../../../../bench/method/compile.ts";
import { readAnswers } from "../../../../bench/tables/api.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-requests-"));
const program = join(folder, "requests");
beforeAll(() => compileC("requests.c", program));
afterAll(() => rmSync(folder, { recursive: true }));

let servers = 0;

/** Asks a server of Bun's that answers like this. */
function ask(count: number, answer: string, { text = "", prints = "undefined" } = {}) {
  const socket = join(folder, `${++servers}.sock`);
  const script = join(folder, `${servers}.ts`);
  const pid = join(folder, `${servers}.pid`);
  writeFileSync(
    script,
    `await Bun.write(${JSON.stringify(pid)}, String(process.pid));
     let asked = 0;
     Bun.serve({ unix: ${JSON.stringify(socket)}, fetch: () => (asked++, ${answer}) });
     ${prints};`,
  );
  const words = [program, socket, String(count), text, process.execPath, script];
  const { exitCode, stdout, stderr } = Bun.spawnSync(words, { timeout: 60_000 });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString(), pid: Number(readFileSync(pid, "utf8")) };
}

describe("the client of the control API", () => {
  test("tells when the first answer came and what each later one took, and ends the server", () => {
    const { exitCode, stdout, pid } = ask(20, 'new Response("x".repeat(5000))');
    expect(exitCode).toBe(0);
    const { first, took } = readAnswers(stdout);
    expect(took).toHaveLength(20);
    for (const ms of took) expect(ms).toBeGreaterThan(0);
    // A program has to start before it answers.
    expect(first).toBeGreaterThan(Math.min(...took));
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  });

  test("asks again only when the command has printed what it should", () => {
    const prints = "Bun.sleep(300).then(() => console.log(`so ${asked} far`))";
    const { exitCode, stdout, stderr } = ask(3, 'new Response("so " + asked)', { text: "so 1 far", prints });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(readAnswers(stdout).took).toHaveLength(3);
  });

  test("says so when it never prints that", () => {
    const prints = "Bun.sleep(300).then(() => process.exit())";
    const { exitCode, stderr } = ask(1, 'new Response("x")', { text: "never", prints });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the command did not print what it should");
  });

  test("takes no other answer than 200", () => {
    const { exitCode, stderr, pid } = ask(1, "new Response(null, { status: 500 })");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("HTTP/1.1 500");
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  });

  test("says so when nobody listens", () => {
    const words = [program, join(folder, "nobody.sock"), "1", "", "true"];
    const { exitCode, stderr } = Bun.spawnSync(words, { timeout: 60_000 });
    expect(exitCode).toBe(1);
    expect(stderr.toString()).toContain("the command does not listen");
  });
});

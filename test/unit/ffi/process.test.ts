import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kickThread, nameThread, signalProcess, startTime, threadId } from "../../../ffi/process.ts";
import { ROOT } from "../../support/source-tree.ts";

/** Runs a script that imports ffi/process.ts in a process of its own. */
function runScript(body: string): { status: number | null; stdout: string; stderr: string } {
  const script = `import { exec, exitNow } from ${JSON.stringify(join(ROOT, "ffi/process.ts"))};\n${body}`;
  const run = Bun.spawnSync([process.execPath, "-e", script], { cwd: "/", env: { SECRET: "inherited" } });
  return { status: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

describe("the calling thread", () => {
  test("has an id the kernel knows", () => {
    expect(readdirSync("/proc/self/task")).toContain(String(threadId()));
  });

  test("takes a name, of which the kernel keeps 15 bytes", () => {
    const comm = `/proc/self/task/${threadId()}/comm`;
    const before = readFileSync(comm, "utf8").trim();
    nameThread("volt-test-name-too-long");
    expect(readFileSync(comm, "utf8").trim()).toBe("volt-test-name-");
    nameThread(before);
    expect(() => nameThread("a\0b")).toThrow(RangeError);
  });

  test("that is gone can't be kicked", () => {
    // Above what pid_max allows: no thread has this id.
    expect(kickThread(0x7fff_fff0)).toBe(false);
  });
});

describe("exec", () => {
  test("becomes the program, with exactly the arguments and environment given", () => {
    const { stdout, status } = runScript(
      `exec("/bin/sh", ["shell", "-c", 'echo "$0|$1|"; env', "a b", "ü"], { ONLY: "this=1" });`,
    );
    const [first, ...environment] = stdout.trim().split("\n");
    expect(first).toBe("a b|ü|");
    expect(environment.filter((line) => !/^(PWD|SHLVL|OLDPWD|_)=/.test(line))).toEqual(["ONLY=this=1"]);
    expect(status).toBe(0);
  });

  test("of a program that is not there is an error that names it", () => {
    const { stdout } = runScript(
      `try { exec("/no/such/program", [], {}); } catch (error) { console.log(error.message); }`,
    );
    expect(stdout).toStartWith("/no/such/program");
    expect(stdout).toContain("execve: No such file or directory (ENOENT)");
  });

  test("refuses a NUL in the path, an argument or the environment", () => {
    const calls = [
      `exec("/bin/true\\0", [], {})`,
      `exec("/bin/true", ["a\\0"], {})`,
      `exec("/bin/true", [], { A: "\\0" })`,
    ];
    for (const call of calls) {
      expect(runScript(`try { ${call}; } catch (error) { console.log(error.name); }`).stdout).toBe("RangeError\n");
    }
  });
});

test("stopProcess stops every thread, until the process is told to go on", async () => {
  const script = `import { stopProcess } from ${JSON.stringify(join(ROOT, "ffi/process.ts"))};
    stopProcess(); console.log("went on");`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const state = (): string => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]!;
  while (state() !== "T") await Bun.sleep(1);
  process.kill(child.pid, "SIGCONT");
  expect(await new Response(child.stdout).text()).toBe("went on\n");
});

test("disownChildren leaves no zombie, of a child that ended before nor of one that ends later", async () => {
  const script = `import { readFileSync } from "node:fs";
    import { disownChildren } from ${JSON.stringify(join(ROOT, "ffi/process.ts"))};
    const children = () => readFileSync("/proc/self/task/" + process.pid + "/children", "utf8").match(/[0-9]+/g) ?? [];
    const isZombie = (pid) => /^State:.Z/m.test(readFileSync("/proc/" + pid + "/status", "utf8"));
    while (!children().some(isZombie));
    disownChildren();
    console.log(children().length);
    while (children().length > 0);
    console.log("none left");`;
  // The second child ends when its input does. A shell gives its background children /dev/null for descriptor 0.
  const shell = 'exec 3<&0; true & cat <&3 >&2 & exec "$0" -e "$1"';
  const child = Bun.spawn(["sh", "-c", shell, process.execPath, script], { stdin: "pipe", stdout: "pipe" });
  let stdout = "";
  for await (const bytes of child.stdout) {
    stdout += Buffer.from(bytes);
    if (stdout.includes("1\n")) child.stdin.end();
  }
  expect(stdout).toBe("1\nnone left\n");
});

test("exitNow ends the process at once, exit handlers unheard", () => {
  const { status, stdout } = runScript(`process.on("exit", () => console.log("heard")); exitNow(7);`);
  expect(status).toBe(7);
  expect(stdout).toBe("");
});

describe("another process", () => {
  test("is known by its id and when it started, whatever its name", async () => {
    const child = Bun.spawn(["sh", "-c", "printf 'a) R 1 2' > /proc/self/comm; echo named; sleep 60"], {
      stdout: "pipe",
    });
    await child.stdout.getReader().read();
    const started = startTime(child.pid)!;
    expect(readFileSync(`/proc/${child.pid}/stat`, "utf8")).toContain("(a) R 1 2)");
    expect(started).toBeGreaterThanOrEqual(startTime(process.pid)!);
    expect(signalProcess(child.pid, started + 1, 9)).toBe(false);
    expect(child.killed).toBe(false);
    expect(signalProcess(child.pid, started, 9)).toBe(true);
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(startTime(child.pid)).toBeUndefined();
    expect(signalProcess(child.pid, started, 9)).toBe(false);
  });
});

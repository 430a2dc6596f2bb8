import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Host, OutputSink } from "../testbed/command.ts";
import { NestedMachine } from "../testbed/machine.ts";
import { NativeHost } from "../testbed/native.ts";

const MINUTE = 60_000;
/** Generous: a machine that is busy with something else emulates ten times slower. */
setDefaultTimeout(3 * MINUTE);

const MIB = 1024 * 1024;

/** 20 MiB that no line or block boundary repeats in. */
const MANY_BYTES = Buffer.from(
  Uint32Array.from({ length: (20 * MIB) / 4 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer,
);

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** Commands of all processes that mention a folder. */
function processesOf(folder: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const commands = pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return ""; // it ended meanwhile
    }
  });
  return commands.filter((command) => command.includes(folder));
}

function lockFilesOf(folder: string): string[] {
  const all = existsSync("/run/virtiofsd") ? readdirSync("/run/virtiofsd") : [];
  return all.filter((name) => name.includes(folder.replaceAll("/", ".")));
}

/** A sink, and a promise that is kept once the text has come by. */
function waitFor(text: string): { sink: OutputSink; seen: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let all = "";
  const sink = (bytes: Buffer): void => {
    all += bytes;
    if (all.includes(text)) resolve();
  };
  return { sink, seen: promise };
}

const hosts: [string, () => Promise<Host>][] = [
  ["the nested machine", () => NestedMachine.start()],
  ["the native host", async () => new NativeHost()],
];

describe.each(hosts)("%s", (_, open) => {
  let host: Host;
  beforeAll(async () => {
    host = await open();
  });
  afterAll(() => host.stop());

  test("gives status, stdout and stderr", async () => {
    const result = await host.run(["sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(result).toEqual({ status: 7, timedOut: false, stdout: Buffer.from("out\n"), stderr: Buffer.from("err\n") });
  });

  test("names the signal that ended a command", async () => {
    expect(await host.run(["sh", "-c", "kill -TERM $$"])).toMatchObject({ status: 143, signal: "SIGTERM" });
  });

  test("says which program it could not run", async () => {
    await expect(host.run(["no-such-program"])).rejects.toThrow("cannot run no-such-program");
  });

  test("runs in the folder and with the environment it is told", async () => {
    const env = { MARK: "a mark", HOME: undefined };
    const result = await host.run(["sh", "-c", 'pwd; echo "$MARK"; env | grep -c ^HOME='], { cwd: "/usr/bin", env });
    expect(result.stdout.toString()).toBe("/usr/bin\na mark\n0\n");
  });

  test("runs commands at the same time", async () => {
    // Each waits for what the other one writes.
    const [one, other] = ["one", "other"].map((name) => join(host.share, name));
    const meet = (mine: string, theirs: string) => `echo >${mine}; until [ -e ${theirs} ]; do sleep 0.05; done`;
    const results = await Promise.all([
      host.run(["sh", "-c", meet(`${one}`, `${other}`)]),
      host.run(["sh", "-c", meet(`${other}`, `${one}`)]),
    ]);
    expect(results.map((result) => result.status)).toEqual([0, 0]);
  });

  test("kills a command that hangs, its children too, and goes on", async () => {
    const file = join(host.share, "child");
    const hang = `sleep 1000 & echo $! >${file}; echo started; trap '' TERM INT; wait; sleep 1000`;
    const result = await host.run(["sh", "-c", hang], { timeoutMs: 2000 });
    expect(result).toMatchObject({ status: 137, signal: "SIGKILL", timedOut: true });
    expect(result.stdout.toString()).toBe("started\n");
    const child = (await readFile(file, "utf8")).trim();
    // A zombie's command line is empty: when its new parent reaps it is not ours to say.
    const gone = await host.run(["sh", "-c", `while grep -q sleep /proc/${child}/cmdline; do sleep 0.05; done`]);
    expect(gone.status).toBe(0);
  });

  test("a time limit ends the wait for an output that a daemon holds", async () => {
    const file = join(host.share, "daemon");
    const daemon = `setsid sleep 1000 & echo $! >${file}; sleep 0.2; echo done`;
    const result = await host.run(["sh", "-c", daemon], { timeoutMs: 2000 });
    expect(result).toMatchObject({ status: 0, timedOut: true, stdout: Buffer.from("done\n") });
    await host.run(["kill", (await readFile(file, "utf8")).trim()]);
  });

  test("signals go to the command", async () => {
    const { sink, seen } = waitFor("ready");
    const command = ["sh", "-c", "trap 'exit 42' USR1; echo ready; while :; do sleep 0.05; done"];
    const running = host.start(command, { onStdout: sink });
    await seen;
    running.signal("SIGUSR1");
    expect((await running.finished).status).toBe(42);
  });

  test(
    "20 MiB of output come whole",
    async () => {
      const file = join(host.share, "many");
      await writeFile(file, MANY_BYTES);
      const { stdout, status } = await host.run(["cat", file], { timeoutMs: 2 * MINUTE });
      expect([status, stdout.length, sha256(stdout)]).toEqual([0, MANY_BYTES.length, sha256(MANY_BYTES)]);
    },
    4 * MINUTE,
  );

  test(
    "20 MiB of stdin arrive whole, and its end does",
    async () => {
      const result = await host.run(["sha256sum"], { stdin: MANY_BYTES, timeoutMs: 2 * MINUTE });
      expect(result.stdout.toString()).toBe(`${sha256(MANY_BYTES)}  -\n`);
    },
    4 * MINUTE,
  );

  test("a command that reads no stdin ends all the same", async () => {
    expect(await host.run(["true"], { stdin: MANY_BYTES })).toMatchObject({ status: 0, timedOut: false });
  });

  test("an output that nobody takes holds up its own command only", async () => {
    const stalled = Promise.withResolvers<void>();
    const flood = host.start(["sh", "-c", "yes >&2"], { onStderr: () => stalled.promise, timeoutMs: MINUTE });
    const other = await host.run(["sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x"]);
    expect(other.stdout.length).toBe(5_000_000);
    flood.kill();
    stalled.resolve();
    expect(await flood.finished).toMatchObject({ signal: "SIGKILL", timedOut: false });
  });

  test("a sink that throws makes the command fail", async () => {
    const onStdout = () => {
      throw new Error("the sink's own words");
    };
    await expect(host.run(["echo"], { onStdout })).rejects.toThrow("the sink's own words");
  });

  test("a terminal has its size, echoes, and takes input to its end", async () => {
    const script = "tty; stty size; cat";
    const result = await host.run(["sh", "-c", script], { tty: { rows: 33, columns: 101 }, stdin: "typed\n" });
    expect(result.stdout.toString()).toMatch(/^(typed\r\n)?\/dev\/pts\/\d+\r\n(typed\r\n)?33 101\r\n(typed\r\n){1,2}$/);
    expect(result.status).toBe(0);
  });

  test("a terminal tells its command of a new size", async () => {
    const { sink, seen } = waitFor("ready");
    let text = "";
    const onStdout = async (bytes: Buffer): Promise<void> => {
      text += bytes;
      await sink(bytes);
    };
    const script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done";
    const running = host.start(["sh", "-c", script], { tty: { rows: 24, columns: 80 }, onStdout });
    await seen;
    running.resize({ rows: 50, columns: 132 });
    expect((await running.finished).status).toBe(0);
    expect(text).toBe("ready\r\n50 132\r\n");
  });

  test("a terminal's Ctrl-C interrupts", async () => {
    const { sink, seen } = waitFor("ready");
    async function* keys() {
      await seen;
      // Again and again, as a person would: the first may come while the shell is between two programs.
      for (;;) {
        yield Buffer.from("\x03");
        await Bun.sleep(500);
      }
    }
    const running = host.start(["sh", "-c", "echo ready; sleep 1000"], {
      tty: { rows: 24, columns: 80 },
      stdin: keys(),
      onStdout: sink,
    });
    expect(await running.finished).toMatchObject({ signal: "SIGINT", timedOut: false });
  });

  test("files come back, and new ones are seen there", async () => {
    const file = join(host.share, "file");
    for (const text of ["first", "second, and longer"]) {
      await writeFile(file, text);
      await host.run(["sh", "-c", `tr a-z A-Z <${file} >${file}.out`]);
      expect(await readFile(`${file}.out`, "utf8")).toBe(text.toUpperCase());
    }
  });
});

describe("the nested machine's inside", () => {
  let machine: NestedMachine;
  const output = async (script: string): Promise<string> => {
    const { stdout, stderr, status } = await machine.run(["sh", "-c", script]);
    expect([stderr.toString(), status]).toEqual(["", 0]);
    return stdout.toString().trim();
  };
  beforeAll(async () => {
    machine = await NestedMachine.start();
  });
  afterAll(() => machine.stop());

  test("has a KVM with hardware's instructions under it", async () => {
    expect(
      await output("ls /dev/kvm; grep -ow svm /proc/cpuinfo | sort -u; cat /sys/module/kvm_amd/parameters/npt"),
    ).toBe("/dev/kvm\nsvm\nY");
  });

  test("has what a microVM is built on", async () => {
    await output(
      "ls /dev/net/tun /dev/vhost-net /dev/vhost-vsock /dev/loop-control /dev/shm /dev/pts/ptmx /dev/stdout",
    );
    await output("modprobe nbd && ls /dev/nbd0"); // any module of the kernel
    await output("truncate -s 1M /tmp/disk && losetup --show -f /tmp/disk && losetup -D");
    expect(await output("cat /sys/kernel/security/lsm")).toContain("landlock");
    expect(await output("cat /sys/fs/cgroup/cgroup.subtree_control")).toContain("memory");
    expect(await output("cat /sys/class/net/lo/flags")).toBe("0x9"); // IFF_UP, IFF_LOOPBACK
  });

  test("has a root that pivot_root works on", async () => {
    const script =
      "mount -t tmpfs new /mnt && mkdir /mnt/old && pivot_root /mnt /mnt/old && exec /old/bin/busybox ls /";
    expect(await output(`unshare -m sh -c '${script}'`)).toBe("old");
  });

  test("sees this machine's files, and keeps what it writes to them for itself", async () => {
    const file = resolve(import.meta.dir, "written-in-the-nested-machine");
    expect(await output(`sha256sum <${import.meta.path}`)).toContain(sha256(await Bun.file(import.meta.path).bytes()));
    expect(await output(`echo there >${file}; cat ${file}`)).toBe("there");
    expect(existsSync(file)).toBe(false);
  });
});

describe("the end of a nested machine", () => {
  test(
    "stop leaves no process and no file, and ends what runs",
    async () => {
      const machine = await NestedMachine.start();
      const folder = dirname(machine.share);
      const running = machine.run(["sleep", "1000"]);
      expect(processesOf(folder).length).toBeGreaterThan(0);
      const [outcome] = await Promise.allSettled([running, machine.stop()]);
      expect(String(outcome.status === "rejected" && outcome.reason)).toContain("the nested machine was stopped");
      expect([existsSync(folder), processesOf(folder), lockFilesOf(folder)]).toEqual([false, [], []]);
    },
    3 * MINUTE,
  );

  test(
    "a crash is told with the console's last lines, and leaves nothing",
    async () => {
      const machine = await NestedMachine.start();
      const folder = dirname(machine.share);
      const sleeping = machine.run(["sleep", "1000"]);
      const crash = machine.run(["sh", "-c", "echo c >/proc/sysrq-trigger"]);
      for (const outcome of await Promise.allSettled([sleeping, crash])) {
        expect(String(outcome.status === "rejected" && outcome.reason)).toContain("sysrq triggered crash");
      }
      expect(() => machine.start(["true"])).toThrow("the nested machine died");
      expect([existsSync(folder), processesOf(folder), lockFilesOf(folder)]).toEqual([false, [], []]);
    },
    3 * MINUTE,
  );

  test(
    "SIGKILL for the program that started it leaves nothing",
    async () => {
      const script = `
      import { NestedMachine } from ${JSON.stringify(resolve(import.meta.dir, "../testbed/machine.ts"))};
      console.log((await NestedMachine.start()).share);`;
      const program = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
      let share = "";
      for await (const bytes of program.stdout) {
        share += Buffer.from(bytes);
        if (share.endsWith("\n")) program.kill("SIGKILL");
      }
      const folder = dirname(share);
      while (existsSync(folder) || processesOf(folder).length > 0) await Bun.sleep(50);
      expect(lockFilesOf(folder)).toEqual([]);
    },
    3 * MINUTE,
  );
});

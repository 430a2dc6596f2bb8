/** `volt kernel`: the whole of it as a user meets it, without a network and without a build. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { bzImageOf, linux } from "../../unit/kernels/home.ts";
import { Signer } from "../../unit/kernels/trust/signer.ts";
import { END, exitStatus, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

/** A folder with a store, and two kernels beside it. */
class Home extends Folder {
  readonly env = { VOLT_HOME: this.file("home") };

  constructor() {
    super();
    writeFileSync(this.file("a"), linux("a"));
    writeFileSync(this.file("b"), bzImageOf(linux("b"), "xz"));
    writeFileSync(
      this.file("config"),
      "CONFIG_64BIT=y\nCONFIG_SMP=y\nCONFIG_SERIAL_8250_CONSOLE=y\nCONFIG_VIRTIO_BLK=m\n",
    );
  }

  /** `volt kernel ...`: its stdout. */
  async run(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await volt(["kernel", ...args], { env: this.env, cwd: this.path });
    expect({ status, stderr: stderr.replace("unpacking\n", "") }).toEqual({ status: 0, stderr: "" });
    return stdout.toString();
  }

  async json(...args: string[]) {
    return JSON.parse(await this.run(...args, "--json"));
  }

  fails(...args: string[]): Promise<string> {
    return failure(["kernel", ...args], { env: this.env, cwd: this.path });
  }
}

describe("volt kernel", () => {
  test("without a word, or with --help, shows its commands; each of them helps too", async () => {
    using home = new Home();
    for (const args of [[], ["--help"], ["-h"]]) expect(await home.run(...args)).toContain("USAGE volt kernel ls|add|");
    expect(await home.run("add", "--help")).toContain("USAGE kernel add");
    expect(await home.run("trust")).toContain("add|ls|rm");
    expect(await home.run("trust", "add", "--help")).toContain("<KEY>");
  });

  test("refuses what it does not know", async () => {
    using home = new Home();
    expect(await home.fails("lss")).toStartWith("kernel lss: no such command; there are ls, add, install, build,");
    expect(await home.fails("trust", "x")).toBe("kernel trust x: no such command; there are add, ls, rm");
    expect(await home.fails("ls", "x")).toBe('x: "x" is not expected here: see --help');
    expect(await home.fails("ls", "--jsn")).toBe("--jsn: no such flag: did you mean --json?");
    expect(await home.fails("add")).toContain("FILE");
    expect(await home.fails("install", "gentoo")).toBe("gentoo: can't be installed; there are debian, debian-cloud");
  });

  test("of an empty store says how to get a kernel", async () => {
    using home = new Home();
    expect(await home.run("ls")).toBe(`no kernels in ${home.file("home")}: volt kernel install debian-cloud\n`);
    expect(await home.json("ls")).toEqual([]);
    expect(await home.run("verify")).toBe("");
    expect(await home.run("gc")).toBe("nothing to remove\n");
    expect(await home.run("default")).toBe("none: volt kernel default NAME\n");
  });

  test("adds, lists, inspects, tags, removes and collects", async () => {
    using home = new Home();
    expect(await home.run("add", "a")).toMatch(/^added a \(6\.1\.0-a, ELF, .*\); it is the default now\n$/);
    expect(await home.run("add", "b", "--name", "bee", "--kernel-config", "config")).toMatch(
      /^added bee \(6\.1\.0-b, bzImage, xz, .*\)\n$/,
    );
    expect(await home.run("ls")).toMatch(
      /^ +NAME +VERSION +SIZE +ENTRIES .*\n\* +a +6\.1\.0-a .* linux pvh .*\n +bee +6\.1\.0-b .* smp serial virtio-blk\n$/,
    );
    expect(await home.run("inspect", "bee")).toMatch(
      /64-bit entry +0x1000000\n[\s\S]*PVH entry +0x1000040\nELF notes +Linux 256 \(build salt\), Xen 18 \(PVH entry\)\n[\s\S]*segments\n0x1000000 /,
    );
    expect(await home.run("inspect", "bee", "--kernel-config")).toBe(readFileSync(home.file("config"), "utf8"));
    expect(await home.run("default", "bee")).toBe("bee\n");
    expect(await home.run("tag", "bee", "stable")).toBe("stable is bee\n");
    expect(await home.run("verify")).toBe("a       ok\nbee     ok\nstable  ok\n");
    expect(await home.run("rm", "a")).toBe("removed a; its files go with: volt kernel gc\n");
    expect((await home.json("gc", "--dry-run")).found).toHaveLength(1);
    expect((await home.json("gc")).found).toHaveLength(1);
    expect((await home.json("ls")).map(({ name }: { name: string }) => name)).toEqual(["bee", "stable"]);
  });

  test("compares two kernels", async () => {
    using home = new Home();
    writeFileSync(home.file("other"), "CONFIG_64BIT=y\nCONFIG_HZ=100\n");
    await home.run("add", "a", "--kernel-config", "config");
    await home.run("add", "b", "--kernel-config", "other");
    expect((await home.json("diff", "a", "b")).options).toEqual([
      { option: "HZ", before: "n", after: "100" },
      { option: "SERIAL_8250_CONSOLE", before: "y", after: "n" },
      { option: "SMP", before: "y", after: "n" },
      { option: "VIRTIO_BLK", before: "m", after: "n" },
    ]);
    await home.run("add", "a", "--name", "bare");
    expect(await home.run("diff", "a", "bare")).toMatch(
      /^ +a +bare\nstored .*\nin memory .*\noptions +known +its configuration is not known: add it with .*\n$/,
    );
    expect((await home.json("diff", "bare", "a")).options).toBeNull();
    expect(await home.fails("inspect", "bare", "--kernel-config")).toBe(
      "bare: its configuration is not known: add it with --kernel-config FILE",
    );
  });

  test("checks a kernel against the flags of a run: status 1 and the mend where it would not work", async () => {
    using home = new Home();
    await home.run("add", "a", "--kernel-config", "config");
    const args = ["kernel", "check", "a", "--no-rng", "--initrd", "x", "--cpus", "2"];
    const options = { env: home.env, cwd: home.path };
    const { status, stdout } = await volt([...args, "--disk", "x"], options);
    expect(status).toBe(1);
    expect(stdout.toString()).toMatch(/^fail +CONFIG_BLK_DEV_INITRD .*\n.*mend: set CONFIG_BLK_DEV_INITRD=y/m);
    expect(stdout.toString()).toMatch(/^warn +CONFIG_VIRTIO_BLK +--disk +a module: virtio_blk$/m);
    expect(stdout.toString()).toMatch(/^ok +CONFIG_SMP +--cpus +built in$/m);
    expect(await home.fails("check", "a", "--cpus", "99")).toContain("--cpus");
  });

  test("carries a kernel from one store to another, and believes nothing that it did not write", async () => {
    using home = new Home();
    const { digest } = await home.json("add", "a", "--kernel-config", "config");
    await home.run("export", "a", "a.tar");
    await home.run("rm", "a");
    await home.run("gc");
    expect((await home.json("import", "a.tar", "--name", "again")).digest).toBe(digest);
    expect(await home.run("verify", "again")).toBe("again  ok\n");

    const tar = readFileSync(home.file("a.tar"));
    const at = tar.indexOf("Linux version");
    tar[at]! ^= 1;
    writeFileSync(home.file("bad.tar"), tar);
    expect(await home.fails("import", "bad.tar", "--name", "bad")).toContain("bad.tar: in it, vmlinux has changed");
    expect(await home.fails("import", "a", "--name", "bad")).toBe(
      "a: this is no kernel that `volt kernel export` wrote: use volt kernel add",
    );
  });

  test("writes an archive to stdout and takes it from stdin; what there is to say goes to stderr", async () => {
    using home = new Home();
    const { digest } = await home.json("add", "a");
    const options = { env: home.env, cwd: home.path };
    const { status, stdout, stderr } = await volt(["kernel", "export", "a", "-"], options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "exported a to stdout\n" });
    const input = new Uint8Array(stdout);
    const imported = await volt(["kernel", "import", "-", "--name", "b", "--json"], { ...options, input });
    expect(JSON.parse(imported.stdout.toString())).toMatchObject({ name: "b", digest });
  });

  test("that can't write an export whole leaves the one that was there, and nothing beside it", async () => {
    using home = new Home();
    await home.run("add", "a");
    await home.run("export", "a", "a.tar");
    const before = readFileSync(home.file("a.tar"));
    const files = readdirSync(home.path);
    const by = ["sh", "-c", 'ulimit -f 4; exec "$@"', "sh"];
    expect(await failure(["kernel", "export", "a", "a.tar"], { env: home.env, cwd: home.path, by })).toStartWith(
      "a.tar: ",
    );
    expect(readFileSync(home.file("a.tar"))).toEqual(before);
    expect(readdirSync(home.path)).toEqual(files);
    expect(await home.fails("export", "a", "/dev/full")).toBe("/dev/full: the disk is full: free some of it");
  });

  test("says of a full disk that it is full, and does not blame the archive", async () => {
    using home = new Home();
    writeFileSync(home.file("big"), linux("big", 400_000));
    await home.run("add", "big");
    await home.run("export", "big", "big.tar");
    const small = 'mkdir small; mount -t tmpfs -o size=128k tmpfs small; VOLT_HOME=small; export VOLT_HOME; exec "$@"';
    const by = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", small, "sh"];
    const problem = await failure(["kernel", "import", "big.tar", "--name", "x"], {
      env: home.env,
      cwd: home.path,
      by,
    });
    const mend = "free some of it, or put the store elsewhere (VOLT_HOME)";
    expect(problem).toBe(`${home.file("small")}: the disk is full: ${mend}`);
  });

  test("takes a store that can't be read for none that is empty, and says what is damaged", async () => {
    using home = new Home();
    const { digest } = await home.json("add", "a");
    const folder = home.file(`home/objects/${digest}`);
    rmSync(`${folder}/vmlinux`);
    for (const words of [
      ["inspect", "a"],
      ["check", "a"],
      ["diff", "a", "a"],
      ["export", "a", "-"],
      ["tag", "a", "b"],
    ]) {
      expect(await home.fails(...words)).toBe(`a: ${folder}/vmlinux is gone: add the kernel again`);
    }
    await home.run("add", "a");
    expect(await home.run("verify")).toBe("a  ok\n");
    rmSync(home.file("home"), { recursive: true });
    writeFileSync(home.file("home"), "");
    for (const words of [["ls"], ["verify"], ["trust", "ls"], ["gc"]]) {
      expect(await home.fails(...words)).toContain("is a file where a folder must be: give a folder (VOLT_HOME)");
    }
  });

  test("notes of signify's signature that it can't be shown again, which is no problem to mend", async () => {
    using home = new Home();
    const signer = new Signer();
    writeFileSync(home.file("key.pub"), signer.publicText);
    writeFileSync(home.file("a.sig"), signer.sign(linux("a"), { legacy: true }));
    await home.run("trust", "add", "key.pub");
    await home.run("add", "a", "--signature", "a.sig");
    expect(await home.run("verify")).toMatch(/^a +ok; note: its signature is of the file as it came, which is gone: /);
    expect(await home.json("verify")).toMatchObject([{ name: "a", problems: [], notes: [expect.any(String)] }]);
    await home.run("export", "a", "a.tar");
    expect(await home.run("import", "a.tar", "--name", "b")).not.toContain("not signed");
    rmSync(home.file("home"), { recursive: true });
    expect(await home.run("import", "a.tar", "--name", "b")).toContain("; it is not signed here: its signature is of");
  });

  test("finds what changed in the store", async () => {
    using home = new Home();
    const { digest } = await home.json("add", "a");
    writeFileSync(home.file(`home/objects/${digest}/vmlinux`), "x");
    const { status, stdout } = await volt(["kernel", "verify", "a"], { env: home.env });
    expect(status).toBe(1);
    expect(stdout.toString()).toMatch(/^a +.*vmlinux has changed: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}\n$/);
  });

  test("refuses a file with another digest, and a damaged one, and keeps nothing of it", async () => {
    using home = new Home();
    expect(await home.fails("add", "a", "--sha256", "12")).toBe("--sha256: must be 64 hexadecimal digits");
    const { stderr, status } = await volt(["kernel", "add", "a", "--sha256", "0".repeat(64)], {
      env: home.env,
      cwd: home.path,
    });
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: expect.stringMatching(/^volt: --sha256: the file's is [0-9a-f]{64}: get it again, from who you trust\n$/),
    });
    expect(await home.run("ls")).toContain("no kernels");
  });
});

describe("volt run", () => {
  test("boots a kernel of the store by its name, mapped or copied", async () => {
    using home = new Home();
    const { path, run } = tinyKernel(home, exitStatus(7) + END.reset);
    await home.run("add", path, "--name", "tiny");
    const named = run.map((word) => (word === path ? "tiny" : word));
    for (const load of ["map", "copy"]) {
      expect((await volt([...named, "--load", load], { env: home.env, cwd: home.path })).status).toBe(7);
    }
  });

  test("with --require-signed refuses a kernel that came without a signature, and a file", async () => {
    using home = new Home();
    await home.run("add", "a");
    const refused = (kernel: string) =>
      failure(["run", "--require-signed", "--kernel", kernel], { env: home.env, cwd: home.path });
    expect(await refused("a")).toMatch(/^--require-signed: .*came without a signature/);
    expect(await refused("./a")).toBe(
      "--require-signed: ./a is no kernel of the store: volt kernel add ./a --signature FILE",
    );
  });
});

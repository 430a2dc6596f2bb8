/** `volt kernel add`: what comes along with a kernel, and how what can't come in is refused. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpio } from "../../../src/boot/cpio.ts";
import { linux, pack } from "../../unit/kernels/home.ts";
import { cleanEnvironment, Folder, failure, VOLT, volt } from "./volt.ts";

const CPIO = cpio([
  ...["lib", "lib/modules", "lib/modules/6.1"].map((path) => ({ kind: "directory", path }) as const),
  { kind: "file", path: "lib/modules/6.1/modules.dep", data: new Uint8Array(0) },
]);
const EMPTY = cpio([]);

class Home extends Folder {
  readonly env = { VOLT_HOME: this.file("home") };
  readonly options = { env: this.env, cwd: this.path };

  constructor() {
    super();
    writeFileSync(this.file("a"), linux("a"));
    writeFileSync(this.file("config"), "CONFIG_64BIT=y\nCONFIG_SMP=y\n");
    writeFileSync(this.file("cpio"), CPIO);
    writeFileSync(this.file("cpio.gz"), pack(Buffer.from(CPIO), "gzip"));
    writeFileSync(this.file("empty"), EMPTY);
  }

  fails(...args: string[]): Promise<string> {
    return failure(["kernel", ...args], this.options);
  }

  /** Refused before anything was said of unpacking or not. */
  async refuses(...args: string[]): Promise<string> {
    const { status, stderr } = await volt(["kernel", ...args], this.options);
    expect(status).toBe(125);
    return stderr.replace("unpacking\n", "").trimEnd();
  }

  async json(...args: string[]) {
    const { stdout, stderr, status } = await volt(["kernel", ...args, "--json"], this.options);
    expect({ status, stderr: stderr.replace("unpacking\n", "") }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout.toString());
  }

  /** A package with a kernel, and neither configuration nor modules. */
  deb(): string {
    mkdirSync(this.file("root/DEBIAN"), { recursive: true });
    mkdirSync(this.file("root/boot"));
    const control =
      "Package: linux-image-t\nVersion: 1\nArchitecture: amd64\nMaintainer: n <n@e.org>\nDescription: x\n";
    writeFileSync(this.file("root/DEBIAN/control"), control);
    writeFileSync(this.file("root/boot/vmlinuz-1"), linux("deb"));
    Bun.spawnSync(["dpkg-deb", "-Znone", "--root-owner-group", "-b", this.file("root"), this.file("x.deb")]);
    return "x.deb";
  }
}

describe("volt kernel add", () => {
  test("takes a configuration and modules along, with a package as with a plain file", async () => {
    using home = new Home();
    for (const file of ["a", home.deb()]) {
      const { files, features } = await home.json("add", file, "--kernel-config", "config", "--modules", "cpio.gz");
      expect(features).toEqual(["smp"]);
      expect(files.config.size).toBe(readFileSync(home.file("config")).length);
      // Unpacked here, once: no start of a VM could.
      expect(files.modules.size).toBe(CPIO.length);
    }
    expect(readdirSync(home.file("home/drafts"))).toEqual([]);
  });

  test.each([
    [["--kernel-config", "nosuch"], "--kernel-config: there is no file nosuch: check the path"],
    [["--kernel-config", "/tmp"], "--kernel-config: /tmp is a directory, not a file"],
    [["--kernel-config", "/dev/zero"], "--kernel-config: /dev/zero is a character, not a file"],
    [["--kernel-config", "a"], "--kernel-config: a has no line CONFIG_...=: give a kernel's .config"],
    [["--modules", "nosuch"], "--modules: there is no file nosuch: check the path"],
    [
      ["--modules", "config"],
      "--modules: config: no cpio archive (at byte 0): make one of lib/modules/VERSION, cpio -o -H newc",
    ],
    [
      ["--modules", "empty"],
      "--modules: empty: it has no modules.dep (depmod makes it): make one of lib/modules/VERSION, cpio -o -H newc",
    ],
    [["--signature", "nosuch"], "--signature: there is no file nosuch: check the path"],
  ])("refuses %j in one line", async (flags, message) => {
    using home = new Home();
    expect(await home.fails("add", "a", ...flags)).toBe(message);
    expect(await home.json("ls")).toEqual([]);
  });

  test("refuses addresses it can't fetch, and shows no password of them", async () => {
    using home = new Home();
    expect(await home.fails("add", "http://")).toBe("http://: this is no address: write https://HOST/FILE");
    expect(await home.fails("add", "file:///a")).toBe("file:///a: give the file's path, without file://");
    expect(await home.fails("add", "HTTP://u:secret@127.0.0.1:1/k")).toStartWith("http://127.0.0.1:1/k: ");
  });

  test("fetches with the password of an address, and neither keeps nor shows it", async () => {
    using home = new Home();
    const asked: (string | null)[] = [];
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        asked.push(request.headers.get("authorization"));
        return new Response(request.url.endsWith("bad") ? "no kernel" : linux("fetched"));
      },
    });
    const at = (path: string) => `http://user:secret@127.0.0.1:${server.port}/${path}`;
    const { source, licence } = await home.json("add", at("k"));
    expect(asked).toEqual([`Basic ${btoa("user:secret")}`]);
    expect(source).toMatchObject({ kind: "url", from: `http://127.0.0.1:${server.port}/k` });
    expect(licence).not.toContain("secret");
    // What is wrong with it is said of the address, not of a file that is gone.
    expect(await home.refuses("add", at("bad"))).toStartWith(`volt: http://127.0.0.1:${server.port}/bad: `);
    expect(readdirSync(home.file("home/downloads"))).toEqual([]);
  });

  test("says what is wrong where VOLT_HOME is a file, as every command does that writes", async () => {
    using home = new Home();
    writeFileSync(home.file("home"), "x");
    for (const args of [["add", "a"], ["gc"], ["tag", "a", "b"], ["trust", "rm", "x"]]) {
      expect(await home.refuses(...args)).toBe(
        `volt: ${home.file("home")}: it, or a part of it, is a file where a folder must be: give a folder (VOLT_HOME)`,
      );
    }
  });

  test("ends its progress line on a terminal before it says the result", async () => {
    using home = new Home();
    const command = `${VOLT} kernel add a`;
    const { stdout } = Bun.spawnSync(["script", "-qec", command, "/dev/null"], {
      ...{ cwd: home.path, env: cleanEnvironment(home.env), stdin: "ignore" },
    });
    expect(stdout.toString()).toContain("unpacking\r\x1b[Kadded a (");
  });

  test("refuses another file than the digest's by its own name", async () => {
    using home = new Home();
    const digest = createHash("sha256").update(linux("b")).digest("hex");
    expect(await home.fails("add", "a", "--sha256", digest)).toMatch(/^--sha256: the file's is [0-9a-f]{64}: get it/);
    writeFileSync(home.file("no"), "no kernel");
    expect(await home.refuses("add", "no")).toStartWith("volt: no: ");
    writeFileSync(home.file("cut.deb"), readFileSync(home.file(home.deb())).subarray(0, 500));
    expect(await home.refuses("add", "cut.deb")).not.toContain("drafts");
  });
});

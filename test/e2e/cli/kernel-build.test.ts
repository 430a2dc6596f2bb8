/** `volt kernel build`, as far as that goes without a compiler at work. */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { atMost } from "../../support/emulated.ts";
import { cleanEnvironment, Folder, VOLT } from "./volt.ts";

/** Never done, and says which process that is. */
const MAKEFILE = `
allnoconfig:
	cp $(KCONFIG_ALLCONFIG) $(O)/.config
vmlinux:
	@echo $$$$ >pid; exec sleep 1000
`;

/** A build that is compiling for ever. @param by words before volt's own */
async function building(folder: Folder, by: readonly string[] = []) {
  mkdirSync(folder.file("linux/arch/x86"), { recursive: true });
  writeFileSync(folder.file("linux/Makefile"), MAKEFILE);
  for (const name of ["Kconfig", "arch/x86/Kconfig"]) writeFileSync(folder.file(`linux/${name}`), "");
  const child = Bun.spawn([...by, VOLT, "kernel", "build", "linux"], {
    ...{ cwd: folder.path, env: cleanEnvironment({ VOLT_HOME: "home" }), stdin: "ignore", timeout: atMost(60_000) },
    ...{ stdout: "pipe", stderr: "pipe", killSignal: "SIGKILL" },
  });
  let pid = "";
  while (pid === "" && child.exitCode === null) {
    await Bun.sleep(20);
    pid = read(folder.file("linux/pid"));
  }
  expect(readdirSync(folder.file("home/drafts"))).toHaveLength(1);
  return { child, pid };
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends a build with all it started, removes what it has made, and then volt by that signal",
  async (signal) => {
    using folder = new Folder();
    const { child, pid } = await building(folder);
    child.kill(signal);
    await child.exited;
    expect([child.signalCode, await child.stderr.text()]).toEqual([signal, "configuring\ncompiling\n"]);
    expect(readdirSync(folder.file("home/drafts"))).toEqual([]);
    expect(read(`/proc/${pid}/comm`)).not.toBe("sleep");
  },
);

test("a signal that is ignored stays so: nohup works", async () => {
  using folder = new Folder();
  const { child, pid } = await building(folder, ["nohup"]);
  child.kill("SIGHUP");
  await Bun.sleep(200);
  expect(read(`/proc/${pid}/comm`)).toBe("sleep");
  child.kill("SIGTERM");
  await child.exited;
  expect(readdirSync(folder.file("home/drafts"))).toEqual([]);
});

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

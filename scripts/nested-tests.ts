/** Test files for a machine without /dev/kvm: each is run by a `bun test` of its own inside a nested machine. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../test/testbed/command.ts";
import { NestedMachine } from "../test/testbed/machine.ts";
import type { TestRun } from "./test-report.ts";

/** A file that hangs still ends. The longest takes some minutes. */
const FILE_LIMIT_MS = 30 * 60_000;
/** Each of these machines fills little more than one processor. */
const MACHINES = 2;

/**
 * Two files at a time, in a machine each: two guests at once in one machine are more than its processors bear (see
 * test/e2e/guests/turns.ts). A file under which the machine dies gets another.
 * @param paths files, and folders of them, below `root`
 * @param testCommand `bun test` with its flags; the file and where to report are added
 */
export async function runInNestedMachines(
  root: string,
  paths: readonly string[],
  testCommand: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<TestRun[]> {
  const files = paths.flatMap((path) => testFiles(root, path));
  const runs: TestRun[] = [];
  const worker = async () => {
    await using machine = new Replaceable();
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      runs.push(await machine.use((host) => runFile(host, root, file, testCommand, env)));
    }
  };
  await Promise.all(Array.from({ length: MACHINES }, worker));
  return runs;
}

function testFiles(root: string, path: string): string[] {
  if (!existsSync(join(root, path)) || !statSync(join(root, path)).isDirectory()) return [path];
  return [...new Bun.Glob("**/*.test.ts").scanSync({ cwd: join(root, path) })].sort().map((file) => join(path, file));
}

async function runFile(
  host: Host,
  root: string,
  file: string,
  testCommand: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<TestRun> {
  const report = join(host.share, "report.xml");
  const command = [...testCommand, "--reporter=junit", `--reporter-outfile=${report}`, file];
  const { status, stdout, stderr } = await host.run(command, { cwd: root, env, timeoutMs: FILE_LIMIT_MS });
  // At once: two files' lines would mix.
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return {
    report: existsSync(report) ? readFileSync(report, "utf8") : "",
    said: stderr.toString(),
    success: status === 0,
  };
}

/** A nested machine, and another when it dies. */
class Replaceable implements AsyncDisposable {
  #machine: NestedMachine | undefined;

  async use<T>(what: (host: Host) => Promise<T>): Promise<T> {
    try {
      return await what(await this.#alive());
    } catch (error) {
      if (this.#machine?.alive) throw error;
      console.error(`${error instanceof Error ? error.message : error}\nonce more, in a new machine`);
      return await what(await this.#alive());
    }
  }

  async #alive(): Promise<Host> {
    if (!this.#machine?.alive) {
      await this.#machine?.stop();
      this.#machine = await NestedMachine.start();
    }
    return this.#machine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine?.stop();
  }
}

/** A volt that runs for a while: what the kernel says about it, and its end. */
import { readFileSync } from "node:fs";
import { atMost } from "../../support/emulated.ts";
import { descriptorsOf, ofEachThread } from "../../support/proc.ts";
import { cleanEnvironment, VOLT, type VoltEnd, type VoltOptions } from "./volt.ts";

/** One that should end and does not is killed after so long. */
const LIMIT_MS = atMost(60_000);
/** What a test waits for comes before that: less than a test's own limit, so that it fails by itself and is over. */
const PATIENCE_MS = 150_000;

/** Started, and killed at the end of its scope should it still run. */
export class RunningVolt implements AsyncDisposable {
  readonly pid: number;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #collected: Promise<unknown>;
  #stdout = Buffer.alloc(0);
  #stderr = Buffer.alloc(0);

  constructor(args: readonly string[], { cwd, env, by = [], program = VOLT }: VoltOptions = {}) {
    this.#child = Bun.spawn([...by, program, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: cleanEnvironment(env),
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.pid = this.#child.pid;
    this.#collected = Promise.all([this.#collectStdout(), this.#collectStderr()]);
  }

  /** Waits until the guest has printed a text. */
  async printed(text: string): Promise<void> {
    await this.until(`the guest printed ${text}`, () => this.#stdout.includes(text));
  }

  /** Waits until volt's log has a text. */
  async logged(text: string): Promise<void> {
    await this.until(`volt said ${text}`, () => this.#stderr.includes(text));
  }

  /** Writes to the guest's console. */
  send(text: string): void {
    this.#child.stdin.write(text);
    this.#child.stdin.flush();
  }

  closeStdin(): void {
    this.#child.stdin.end();
  }

  /** The names of its threads. */
  threads(): string[] {
    return ofEachThread(this.pid, "comm").map((name) => name.trim());
  }

  /** What its descriptors lead to. */
  files(): string[] {
    return [...descriptorsOf(this.pid).values()];
  }

  /** Its environment as it was at its last exec. */
  environment(): string[] {
    return readFileSync(`/proc/${this.pid}/environ`, "utf8").split("\0").filter(Boolean).sort();
  }

  /** Resident memory in KiB that is no file's: what only this process costs. */
  privateKib(): number {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]);
  }

  /** Processes it has started. */
  children(): string[] {
    return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").split(" ").filter(Boolean);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for its end. @throws Error when that does not come */
  async end(): Promise<VoltEnd> {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      this.#child.kill("SIGKILL");
    }, LIMIT_MS);
    const status = await this.#child.exited;
    await this.#collected;
    clearTimeout(limit);
    if (late) throw new Error(`volt did not end within ${LIMIT_MS / 1000} s; it said: ${this.#stderr}`);
    return { status, stdout: this.#stdout, stderr: this.#stderr.toString() };
  }

  /** Waits until something is so. @throws Error when volt ends before, or it takes too long */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!isSo()) {
      // Before the test's own limit, which leaves this loop running beside the next test.
      if (Date.now() > end) throw new Error(`not in ${PATIENCE_MS / 1000} s: ${what}; volt said: ${this.#stderr}`);
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.#collected;
        throw new Error(`volt ended before ${what}: ${this.#stderr}`);
      }
      await Bun.sleep(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async #collectStdout(): Promise<void> {
    for await (const chunk of this.#child.stdout) this.#stdout = Buffer.concat([this.#stdout, chunk]);
  }

  async #collectStderr(): Promise<void> {
    for await (const chunk of this.#child.stderr) this.#stderr = Buffer.concat([this.#stderr, chunk]);
  }
}

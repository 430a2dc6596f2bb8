/** A volt that runs for a while: what the kernel says about it, and its end. */
import { readdirSync, readFileSync } from "node:fs";
import { cleanEnvironment, ended, VOLT, type VoltEnd, type VoltOptions } from "./volt.ts";

type Child = Bun.Subprocess<"pipe" | "ignore" | Buffer, "pipe", "pipe">;

/** Started, and killed at the end of its scope should it still run. */
export class RunningVolt implements AsyncDisposable {
  readonly pid: number;
  readonly #child: Child;
  readonly #end: Promise<VoltEnd>;

  constructor(args: readonly string[], { cwd, env, by = [] }: VoltOptions = {}) {
    this.#child = Bun.spawn([...by, VOLT, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: cleanEnvironment(env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.pid = this.#child.pid;
    this.#end = ended(this.#child, `volt ${args.join(" ")}`);
  }

  /** Waits until its vCPU runs guest code, which is the last thing a start does. */
  async running(): Promise<void> {
    await this.until("its vCPU runs", () => this.threads().includes("vcpu 0") && this.#userTime() > 0);
  }

  /** The names of its threads. */
  threads(): string[] {
    return readdirSync(`/proc/${this.pid}/task`).map((tid) =>
      readFileSync(`/proc/${this.pid}/task/${tid}/comm`, "utf8").trim(),
    );
  }

  /** Its environment as it was at its last exec. */
  environment(): string[] {
    return readFileSync(`/proc/${this.pid}/environ`, "utf8").split("\0").filter(Boolean).sort();
  }

  /** Resident memory in KiB. */
  residentKib(): number {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]);
  }

  /** Processes it has started. */
  children(): string[] {
    return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").split(" ").filter(Boolean);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<VoltEnd> {
    return await this.#end;
  }

  /** Waits until something is so. @throws Error when volt ends before */
  async until(what: string, isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`volt ended before ${what}: ${(await this.#end).stderr}`);
      }
      await Bun.sleep(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end;
  }
}

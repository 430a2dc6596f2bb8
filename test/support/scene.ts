/** What most tests of the built program begin with: a folder, one volt at a time in it, and the socket of its API. */
import { afterEach, beforeEach } from "bun:test";
import { listening } from "../e2e/api/client.ts";
import { RunningVolt } from "../e2e/cli/process.ts";
import { tinyKernel } from "../e2e/cli/tiny-kernel.ts";
import { Folder, type VoltOptions } from "../e2e/cli/volt.ts";
import { firecracker } from "../e2e/firecracker/program.ts";

/** For a test file: each of its tests gets a folder of its own, and what it has started is killed after it. */
export function sceneOfEachTest(): Scene {
  const scene = new Scene();
  beforeEach(() => scene.begin());
  afterEach(() => scene.end());
  return scene;
}

export class Scene {
  #folder: Folder | undefined;
  #program: string | undefined;
  #vms: RunningVolt[] = [];

  get folder(): Folder {
    if (!this.#folder) throw new Error("a scene has its folder within a test");
    return this.#folder;
  }

  /** The last one that was started. */
  get vm(): RunningVolt {
    const vm = this.#vms.at(-1);
    if (!vm) throw new Error("nothing was started in this scene");
    return vm;
  }

  /** A link named firecracker. */
  get firecracker(): string {
    this.#program ??= firecracker(this.folder);
    return this.#program;
  }

  start(args: readonly string[], options: VoltOptions = {}): RunningVolt {
    const vm = new RunningVolt(args, options);
    this.#vms.push(vm);
    return vm;
  }

  /** `volt run` with a guest of a few instructions. @returns the socket of its API */
  async startWithApi(guest: string, flags: readonly string[] = [], options: VoltOptions = {}): Promise<string> {
    const socket = this.folder.file("api");
    this.start([...tinyKernel(this.folder, guest).run, "--api", socket, ...flags], options);
    await listening(socket);
    return socket;
  }

  /** volt as firecracker, before its machine is started. @returns the socket of its API */
  async startFirecracker(flags: readonly string[] = [], options: VoltOptions = {}): Promise<string> {
    const socket = this.folder.file("api");
    this.start(["--api-sock", socket, ...flags], { program: this.firecracker, ...options });
    await listening(socket);
    return socket;
  }

  begin(): void {
    this.#folder = new Folder();
  }

  async end(): Promise<void> {
    await Promise.all(this.#vms.map((vm) => vm[Symbol.asyncDispose]()));
    this.#vms = [];
    this.#program = undefined;
    this.folder[Symbol.dispose]();
    this.#folder = undefined;
  }
}

/** volt's bundle under runc, on the host that can run Linux guests. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ContainerOptions, runtimeConfig } from "../../../deploy/runtime-config.ts";
import { bundle } from "../../../scripts/bundle.ts";
import { sharedHost } from "../../testbed/shared.ts";
import { type RunningVolt, startVolt, VOLT } from "./volt.ts";

/** A container takes longer to come up than volt does. */
const CONTAINER_LIMIT_MS = 250_000;

/** The image's root, made for one file of tests. At a new path each time: the nested machine remembers old files. */
export class ContainerImage implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "volt-oci-"));
  #started = 0;

  static async make(): Promise<ContainerImage> {
    const image = new ContainerImage();
    await bundle(resolve(VOLT), undefined, join(image.#folder, "oci"));
    return image;
  }

  /** What `npm run bundle` writes beside the root. */
  config(): unknown {
    return JSON.parse(readFileSync(join(this.#folder, "oci/config.json"), "utf8"));
  }

  /** `runc run` of the image. stdin is empty. */
  async start(options: Omit<ContainerOptions, "root">): Promise<Container> {
    const host = await sharedHost();
    const name = `volt-${process.pid}-${++this.#started}`;
    const folder = join(host.share, name);
    mkdirSync(folder);
    const config = runtimeConfig({ ...options, root: join(this.#folder, "oci/rootfs") });
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const command = ["runc", "run", "-b", folder, name];
    return new Container(name, await startVolt([], { command, limitMs: CONTAINER_LIMIT_MS }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class Container implements AsyncDisposable {
  readonly #name: string;
  readonly vm: RunningVolt;

  constructor(name: string, vm: RunningVolt) {
    this.#name = name;
    this.vm = vm;
  }

  /** A file of the container's cgroup. */
  cgroup(file: string): Promise<string> {
    return this.vm.onHost(`cat /sys/fs/cgroup/${this.#name}/${file}`);
  }

  /** The host's number of the container's first process. */
  async pid(): Promise<number> {
    return JSON.parse(await this.#runc("state")).pid;
  }

  /** As an engine's stop does it. */
  async signal(name: string): Promise<void> {
    await this.#runc("kill", name);
  }

  /** A command in the running container, as a health check is. */
  async exec(...command: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
    const text = await this.vm.onHost(`runc exec ${this.#name} ${command.join(" ")} 2>&1; echo " $?"`);
    const end = text.lastIndexOf(" ");
    return { status: Number(text.slice(end)), text: text.slice(0, end).trim() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vm.onHost(`runc delete -f ${this.#name} 2>/dev/null || true`).catch(() => undefined);
    await this.vm[Symbol.asyncDispose]();
  }

  #runc(command: string, ...args: readonly string[]): Promise<string> {
    return this.vm.onHost(["runc", command, this.#name, ...args].join(" "));
  }
}

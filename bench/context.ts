/** What every table works with. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "../test/testbed/command.ts";
import { guestHost } from "../test/testbed/host.ts";
import { NestedMachine } from "../test/testbed/machine.ts";
import { NativeHost } from "../test/testbed/native.ts";
import { type GuestPlaces, guestPlaces, hasKvm } from "./host.ts";
import { compileC } from "./method/compile.ts";
import { type StopwatchOptions, type Times, time } from "./method/stopwatch.ts";
import type { Options } from "./options.ts";
import { type Contender, findContenders } from "./peers/registry.ts";
import type { Place } from "./report/result.ts";

export class Context implements AsyncDisposable {
  readonly options: Options;
  readonly places: GuestPlaces = guestPlaces(guestHost(), hasKvm());
  /** A folder for kernels and the like; the nested machine sees it as it is when it boots. */
  readonly folder = mkdtempSync(join(tmpdir(), "volt-bench-"));
  /** volt first. */
  readonly contenders: readonly Contender[];
  readonly absent: readonly string[];
  /** `floor.c`: what the least monitor takes. */
  readonly floor = join(this.folder, "floor");
  /** `listener.c`: the host's end of a guest's streams. */
  readonly listener = join(this.folder, "listener");
  /** `requests.c`: a client of the control API. */
  readonly requests = join(this.folder, "requests");
  readonly #stopwatch = join(this.folder, "stopwatch");
  readonly #hosts = new Map<Place, Promise<Host>>();

  /** @param built the volt to measure */
  constructor(options: Options, built: string) {
    this.options = options;
    // A copy: a build meanwhile must not change what is measured. Written out, its pages count as clean.
    const own = this.file("volt");
    copyFileSync(built, own);
    Bun.spawnSync(["sync", own]);
    compileC("stopwatch.c", this.#stopwatch);
    compileC("floor.c", this.floor);
    compileC("listener.c", this.listener);
    compileC("requests.c", this.requests);
    const { present, absent } = findContenders(new Map([["volt", own], ...options.peers]));
    this.contenders = present;
    this.absent = absent;
  }

  get volt(): Contender {
    return this.contenders[0]!;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Where commands of a place run. The nested machine boots when first asked for, and again when it has died. */
  async host(place: Place): Promise<Host> {
    if (!(await this.isAlive(place))) this.#hosts.delete(place);
    const open = async () => (place === "this machine" ? new NativeHost() : await NestedMachine.start());
    const opened = this.#hosts.get(place) ?? open();
    this.#hosts.set(place, opened);
    return await opened;
  }

  /** Whether a place takes commands, or was never asked to. */
  async isAlive(place: Place): Promise<boolean> {
    const opened = this.#hosts.get(place);
    if (!opened) return true;
    return await opened.then(
      ({ alive }) => alive,
      () => false,
    );
  }

  async time(place: Place, command: readonly string[], options: StopwatchOptions = {}): Promise<Times> {
    return await time(await this.host(place), this.#stopwatch, command, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#hosts.values()) await (await opened.catch(() => undefined))?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Random requests to a real microVM, by curl, from before its start on. */
import { writeFileSync } from "node:fs";
import type { World } from "../../support/api/model.ts";
import { type Walked, type WalkOptions, walk } from "../../support/api/walk.ts";
import { ask, listening } from "../api/client.ts";
import { RunningVolt } from "../cli/process.ts";
import { END, TINY_KERNEL_ADDRESS, tinyKernel } from "../cli/tiny-kernel.ts";
import { Folder } from "../cli/volt.ts";
import { firecracker } from "./program.ts";

/** @throws Error with the seed of the walk that failed */
export async function walkRealMachines(options: WalkOptions): Promise<Walked> {
  using folder = new Folder();
  const program = firecracker(folder);
  const { path: kernel } = tinyKernel(folder, END.spin);
  const files = ["x", "y", "z"].map((name) => folder.file(name));
  for (const file of files) writeFileSync(file, new Uint8Array(4096));
  const named = { kernel, files, closed: "/etc/passwd", kernelMib: TINY_KERNEL_ADDRESS / 2 ** 20 };
  let begun = 0;
  const begin = async (): Promise<World & AsyncDisposable> => {
    const socket = folder.file(`api-${++begun}`);
    const vm = new RunningVolt(["--api-sock", socket, "--allow-path", folder.path], { program });
    await listening(socket);
    return {
      ...named,
      ask: (method, path, body) => ask(socket, method, path, body),
      [Symbol.asyncDispose]: () => vm[Symbol.asyncDispose](),
    };
  };
  return await walk(named, begin, options);
}

/** What of a kernel's manifest follows from its files. */
import type { ElfImage } from "../../boot/elf.ts";
import { featuresOf } from "../check/requirements.ts";
import { parseKernelConfig } from "../config-file.ts";
import type { Manifest } from "../manifest.ts";
import { kernelVersion } from "./facts.ts";

export type Facts = Pick<Manifest, "version" | "entry" | "pvhEntry" | "footprint" | "features">;

/** @param vmlinux the bytes that `image` was parsed from; @param config undefined where it is not known */
export function factsOf(image: ElfImage, vmlinux: Uint8Array, config: string | undefined): Facts {
  const start = Math.min(...image.segments.map(({ guestAddress }) => guestAddress));
  const end = Math.max(...image.segments.map(({ guestAddress, memorySize }) => guestAddress + memorySize));
  return {
    version: kernelVersion(vmlinux),
    entry: image.entry,
    ...(image.pvhEntry === undefined ? {} : { pvhEntry: image.pvhEntry }),
    footprint: end - start,
    features: config === undefined ? [] : featuresOf(parseKernelConfig(config)),
  };
}

/** Which part of volt may import which: the arrow of docs/architecture.md, as a function. */
import { describeImport, type Import } from "./source-tree.ts";

/** From the top down. A part may import its own layer and those below it. */
const LAYERS: readonly (readonly string[])[] = [
  ["main"],
  ["cli", "api", "firecracker"],
  ["explain"],
  ["machine"],
  ["devices", "cpu", "boot", "snapshot", "security", "kernels", "instances", "host"],
  ["memory"],
  ["ffi"],
];

/** What the whole of volt may import: they know nothing of the rest. */
const LEAVES: readonly string[] = ["config", "http", "observe", "version"];

/** All that `observe` may know of the kernel: what time it is, and where to write. */
const OBSERVE_MAY_USE: readonly string[] = ["ffi/clock.ts", "ffi/fd.ts"];

/** What is wrong with an import of a file under `src/` or `ffi/`; undefined when nothing is. */
export function violation(found: Import): string | undefined {
  const reason = found.target === undefined ? packageViolation(found) : partViolation(found, found.target);
  return reason && `${describeImport(found)}: ${reason}`;
}

/**
 * The part a file belongs to: `ffi`, a folder of `src`, `version` for the file that knows it, `main` for all others right
 * in `src`; undefined for files elsewhere.
 */
export function partOf(file: string): string | undefined {
  const [top, folder, ...rest] = file.split("/");
  if (top === "ffi") return "ffi";
  if (top !== "src") return undefined;
  if (folder === "version.ts") return "version";
  return rest.length === 0 ? "main" : folder;
}

function packageViolation({ file, specifier }: Import): string | undefined {
  const part = partOf(file);
  const isBuiltIn = specifier.startsWith("node:") || specifier === "bun" || specifier.startsWith("bun:");
  if (specifier === "bun:ffi" && part !== "ffi") return "only ffi/ may";
  if (isBuiltIn) return undefined;
  if (part === "ffi") return "ffi/ uses no packages";
  if (part === "config" && specifier !== "valibot") return "config is a leaf: valibot and itself, nothing else";
  return undefined;
}

function partViolation({ file }: Import, target: string): string | undefined {
  const from = partOf(file);
  const to = partOf(target);
  if (from === undefined || from === to) return undefined;
  // Embedded files (the guest's init) are no code of another part.
  if (to === undefined) return isFreeTarget(target) ? undefined : `${target} is no part of volt's program`;
  if (from === "config") return "config is a leaf: valibot and itself, nothing else";
  if (from === "observe")
    return OBSERVE_MAY_USE.includes(target) ? undefined : "observe is a leaf: ffi's clock and fd only";
  if (from === "version" || from === "http") return `${from} is a leaf: it imports nothing of volt`;
  if (from === "ffi") return "ffi/ imports nothing of src/";
  if (LEAVES.includes(to)) return undefined;
  const fromLayer = LAYERS.findIndex((parts) => parts.includes(from));
  const toLayer = LAYERS.findIndex((parts) => parts.includes(to));
  if (fromLayer < 0) return `${from} has no layer in test/support/import-rules.ts`;
  if (toLayer < 0) return `${to} has no layer in test/support/import-rules.ts`;
  return toLayer >= fromLayer ? undefined : `${from} is below ${to}`;
}

function isFreeTarget(target: string): boolean {
  return !/^(test|bench|scripts)\//.test(target) && target !== "build.ts";
}

/**
 * The modules one VM's guest gets. A kernel of the store has an archive of all that volt's guests may want
 * (`guest/modules.ts` makes it, laid out as depmod would); a guest unpacks, and waits for, only what its devices need.
 */
import { type CpioEntry, cpio } from "./cpio.ts";
import { type CpioMember, readCpio } from "./cpio-read.ts";

export interface WantedModules {
  /** Loaded by the guest's init, in this order. */
  readonly load: readonly string[];
  /** Only put there: the kernel asks `modprobe` for them, when somebody mounts a file system, say. */
  readonly offer: readonly string[];
}

const MODULES_DEP = "modules.dep";
const MODULES_ALIAS = "modules.alias";
/** Which of them guest/init/modules.c loads: a path below /lib/modules a line. */
const ORDER = "lib/modules/volt/order";

/**
 * The part of a kernel's archive that a guest needs, dependencies included, as an archive to put behind the initramfs.
 * A module that is not in there is built into the kernel, or nothing can be done about it: it is left out.
 * @param archive `lib/modules/VERSION/` with the modules, `modules.dep` and `modules.alias`
 * @throws Error when it is no such archive
 */
export function selectModules(archive: Uint8Array, { load, offer }: WantedModules): Uint8Array<ArrayBuffer> {
  const members = new Map<string, CpioMember>();
  for (const member of readCpio(archive)) members.set(member.path, member);
  const list = [...members.keys()].find((path) => path.endsWith(`/${MODULES_DEP}`));
  if (list === undefined) throw new Error(`the kernel's modules have no ${MODULES_DEP}`);

  const folder = list.slice(0, -MODULES_DEP.length - 1);
  const dependencies = parseDependencies(text(members.get(list)));
  const withDependencies = (names: readonly string[]) =>
    names.flatMap((name) => dependencies.get(canonical(name)) ?? []);
  const loaded = new Set(withDependencies(load));
  const files = new Set([...loaded, ...withDependencies(offer)]);

  const names = new Set([...files].map(moduleName));
  const aliases = lines(text(members.get(`${folder}/${MODULES_ALIAS}`)));
  const ours = aliases.filter((line) => names.has(canonical(line.split(" ").at(-1) ?? "")));
  const ownDependencies = lines(text(members.get(list))).filter((line) => files.has(line.slice(0, line.indexOf(":"))));
  const order = [...loaded].map((file) => `${folder.slice("lib/modules/".length)}/${file}\n`);
  return cpio([
    ...folders(folder),
    ...folders("lib/modules/volt").slice(-1),
    ...[...files].map((file): CpioEntry => {
      return { kind: "file", path: `${folder}/${file}`, data: members.get(`${folder}/${file}`)!.data };
    }),
    textFile(`${folder}/${MODULES_DEP}`, `${ownDependencies.join("\n")}\n`),
    textFile(`${folder}/${MODULES_ALIAS}`, `${ours.join("\n")}\n`),
    textFile(ORDER, order.join("")),
  ]);
}

/** modules.dep: a module, and what it needs, the last to be loaded first. @returns by name, in the order of loading */
function parseDependencies(list: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    lines(list).map((line) => {
      const [file = "", needed = ""] = line.split(":");
      return [moduleName(file), [...needed.split(" ").filter(Boolean).reverse(), file]];
    }),
  );
}

/** "virtio-rng.ko" is the module virtio_rng. */
function moduleName(file: string): string {
  return canonical(file.slice(file.lastIndexOf("/") + 1).replace(/\.ko(\.\w+)?$/, ""));
}

function canonical(name: string): string {
  return name.replaceAll("-", "_");
}

function text(member: CpioMember | undefined): string {
  return member ? Buffer.from(member.data).toString() : "";
}

function lines(all: string): string[] {
  return all.split("\n").filter((line) => line !== "");
}

function textFile(path: string, content: string): CpioEntry {
  return { kind: "file", path, data: Buffer.from(content) };
}

/** A folder and those above it, from the top. */
function folders(path: string): CpioEntry[] {
  const parts = path.split("/");
  return parts.map((_, i) => ({ kind: "directory", path: parts.slice(0, i + 1).join("/") }));
}

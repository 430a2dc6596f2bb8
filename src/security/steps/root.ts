/**
 * A root folder with nothing in it but what Bun needs to come up: its loader, its libraries, and a /proc with no process
 * in it but volt. (Without a /proc Bun ends at once.)
 */
import { O } from "../../../ffi/fd.ts";
import { AT, dataMount, MNT, MS, readOnlyMount, S } from "../../../ffi/namespaces.ts";
import type { Mark, Step } from "../step.ts";

/** The last step: it tells whether the new root is in place, and behind it life goes on without one. */
export const ROOTED: Mark = "#rooted";

/**
 * Where the new root is put together, and what lies there can't be seen any more: a folder that is there on every host volt
 * runs on, since /dev/kvm is in it; where disks may come from there, another that always is.
 */
const [SITE, OTHER_SITE] = ["/dev", "/sys"];

export interface RootContents {
  /** Files by their name in the library folder, and where they are on the host. */
  readonly libraries: ReadonlyMap<string, string>;
  /** What stays reachable under the path it has. */
  readonly paths: readonly { readonly path: string; readonly isFolder: boolean }[];
  /** What stays reachable by a descriptor, and where it is on the host. */
  readonly folders: readonly { readonly fd: number; readonly path: string }[];
}

/** Any of them may fail: then the root stays as it was, and Landlock stands alone. */
export function rootSteps({ libraries, paths, folders }: RootContents): Step[] {
  const site = paths.some(({ path }) => isDevice(path)) ? OTHER_SITE : SITE;
  return [
    // Nothing done here may show outside, and nothing done outside in here.
    mount("none", "/", "", MS.REC | MS.PRIVATE),
    mount("volt", site, "tmpfs", MS.NOSUID | MS.NODEV | MS.NOEXEC, "size=256k,mode=0755"),
    ...libraryFolder(site, libraries),
    ...processFolder(site),
    ...paths.flatMap(({ path, isFolder }) => placeFor(site, path, isFolder)),
    ...folders.flatMap(({ fd }) => placeFor(site, placeOf(fd), true)),
    step("mount_setattr", AT.FDCWD, site, AT.RECURSIVE, readOnlyMount(), 32),
    // What may be written comes after that.
    ...paths.flatMap(({ path }) => bindData(site, path, path, isDevice(path))),
    ...folders.flatMap(({ fd, path }) => bindData(site, path, placeOf(fd))),
    ...enter(site),
    step("chdir", "/"),
    ...folders.flatMap(({ fd }) => reopen(fd)),
    { ...step("chdir", "/"), mark: ROOTED },
  ];
}

/**
 * One folder under every name that a loader looks in: Debian's has /lib/x86_64-linux-gnu built in, others /lib64. The
 * program's header names the loader in /lib64.
 */
function libraryFolder(site: string, libraries: ReadonlyMap<string, string>): Step[] {
  return [
    makeFolder(site, "/lib64"),
    step("symlinkat", "lib64", AT.FDCWD, `${site}/lib`),
    step("symlinkat", ".", AT.FDCWD, `${site}/usr`),
    step("symlinkat", ".", AT.FDCWD, `${site}/lib64/x86_64-linux-gnu`),
    ...[...libraries].flatMap(([name, path]) => [makeFile(site, `/lib64/${name}`), bind(site, path, `/lib64/${name}`)]),
  ];
}

/** Whether device files are wanted there: elsewhere nobody has them. */
function isDevice(path: string): boolean {
  return path === "/dev" || path.startsWith("/dev/");
}

/** Where a folder that has only a descriptor is put. */
function placeOf(fd: number): string {
  return `/folders/${fd}`;
}

function placeFor(site: string, path: string, isFolder: boolean): Step[] {
  const names = path.split("/");
  const above = names.map((_, i) => names.slice(0, i + 1).join("/")).slice(1, -1);
  const made = [...above.map((one) => makeFolder(site, one)), isFolder ? makeFolder(site, path) : makeFile(site, path)];
  // Two paths may share a folder.
  return made.map((one): Step => ({ ...one, orElse: "go on" }));
}

function bindData(site: string, from: string, to: string, hasDevices = false): Step[] {
  return [bind(site, from, to), step("mount_setattr", AT.FDCWD, site + to, 0, dataMount(hasDevices), 32)];
}

/**
 * The descriptor leads to the folder on the host, and from there by `..` to all the others of its filesystem. Its number
 * is given to the same folder in here, where `..` ends.
 */
function reopen(fd: number): Step[] {
  const mark: Mark = `#folder ${fd}`;
  return [
    {
      ...step("openat", AT.FDCWD, placeOf(fd), O.PATH | O.DIRECTORY | O.CLOEXEC),
      result: { step: mark, argument: 0 },
    },
    { ...step("dup3", 0, fd, 0), mark },
  ];
}

/** A /proc that shows volt's own process and no settings of the kernel: proc(5). In a container that may be forbidden. */
function processFolder(site: string): Step[] {
  const proc = `${site}/proc`;
  const [hidden, shown]: Mark[] = ["#no new /proc", "#/proc"];
  return [
    makeFolder(site, "/proc"),
    { ...mount("proc", proc, "proc", MS.NOSUID | MS.NODEV | MS.NOEXEC, "hidepid=2,subset=pid"), orElse: hidden! },
    { ...goBehind(shown!), mark: hidden! },
    { ...mount("/proc", proc, "", MS.BIND | MS.REC), mark: shown! },
  ];
}

/** pivot_root(2), NOTES; and what works where / is the initramfs, which can't be pivoted. */
function enter(site: string): Step[] {
  const [pivotFailed, entered]: Mark[] = ["#no pivot", "#entered"];
  return [
    step("chdir", site),
    { ...step("pivot_root", ".", "."), orElse: pivotFailed! },
    step("umount2", ".", MNT.DETACH),
    { ...goBehind(entered!), mark: pivotFailed! },
    mount(".", "/", "", MS.MOVE),
    { ...step("chroot", "."), mark: entered! },
  ];
}

/** Only an error makes the list jump; this one always fails. */
function goBehind(mark: Mark): Step {
  return { ...step("close", -1), orElse: mark };
}

function makeFolder(site: string, path: string): Step {
  return step("mkdirat", AT.FDCWD, site + path, 0o755);
}

function makeFile(site: string, path: string): Step {
  return step("mknodat", AT.FDCWD, site + path, S.IFREG | 0o444, 0);
}

function bind(site: string, from: string, to: string): Step {
  return mount(from, site + to, "", MS.BIND);
}

function mount(from: string, to: string, type: string, flags: number, data = ""): Step {
  return step("mount", from, to, type, flags, data);
}

function step(call: string, ...args: Step["arguments"]): Step {
  const what = args.find((argument) => typeof argument === "string") ?? "";
  return { layer: "root", call, arguments: args, about: `${call} ${what}`, orElse: ROOTED };
}

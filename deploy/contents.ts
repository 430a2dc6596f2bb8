/** What is in volt's container image, and nothing else: no shell, no package, no user. */
import { libraryPaths } from "../src/security/libraries.ts";

/** Something below the image's root. */
export type Entry = { readonly path: string } & (
  | { readonly folder: true; readonly mode: number }
  | { readonly link: string }
  /** A file of the machine that makes the image. */
  | { readonly from: string; readonly mode: number }
);

/** Where the image has its kernel store: its default kernel alone. */
export const STORE = "var/lib/volt";

/** @param volt the executable, which has volt's own initramfs in it */
export function contents(volt: string): Entry[] {
  const folder = (path: string, mode = 0o755): Entry => ({ path, folder: true, mode });
  return [
    // What a runtime mounts there; a read-only root gets no folders later.
    ...["dev", "proc", "sys"].map((path) => folder(path)),
    // For the API's socket, whoever volt is; runtimes give a mount the mode of the folder below it.
    folder("run", 0o1777),
    folder("usr/bin"),
    { path: "usr/bin/volt", from: volt, mode: 0o755 },
    // One folder under every name that a loader looks in: Debian's has /lib/x86_64-linux-gnu built in, others /lib64.
    folder("lib64"),
    { path: "lib", link: "lib64" },
    { path: "usr/lib", link: "../lib64" },
    { path: "lib64/x86_64-linux-gnu", link: "." },
    ...[...libraryPaths()].map(([name, from]): Entry => ({ path: `lib64/${name}`, from, mode: 0o755 })),
    folder(STORE),
  ];
}

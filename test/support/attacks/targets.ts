/** What there is to be attacked on this host, until the end of a test's scope. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, librarySources } from "../../../guest/build.ts";
import type { Targets } from "./attack.ts";

const SETUID = 0o4755;

/** @param user whose the sibling is */
export function layOutTargets(user = 0): Targets & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "volt-attacks-"));
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, "there"), "");
  mkdirSync(join(folder, "images"));
  const [disk, neighbour] = [join(folder, "images/given.img"), join(folder, "images/neighbour.img")];
  for (const image of [disk, neighbour]) {
    writeFileSync(image, new Uint8Array(4096));
    chmodSync(image, 0o666);
  }
  const setuid = join(folder, "privileged");
  compile(setuid, [join(import.meta.dirname, "privileged.c"), ...librarySources()]);
  chmodSync(setuid, SETUID);
  const tcp = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const abstractName = `volt-attacks-${process.pid}-${tcp.port}`;
  const abstract = createServer().listen(`\0${abstractName}`);
  // Without privileges, as another volt of the same user is.
  const identity = user === 0 ? [] : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  const sibling = Bun.spawn(["setpriv", ...identity, "--bounding-set=-all", "--inh-caps=-all", "sleep", "600"]);
  return {
    ...{ port: tcp.port, abstractName, sibling: sibling.pid, file: "/etc/passwd", folder, disk, neighbour, setuid },
    [Symbol.dispose]() {
      sibling.kill();
      tcp.stop(true);
      abstract.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Programs that start another one on a host that seems to lack something of its kernel. */
import { join } from "node:path";
import { ROOT } from "./source-tree.ts";

/**
 * The words before a program that make it see system calls fail. What is refused so stays refused in all it starts.
 * @param calls names, and the errno each fails with
 */
export function withoutCalls(calls: Readonly<Record<string, number>>): string[] {
  const program = `
    import { exec } from ${JSON.stringify(join(ROOT, "ffi/process.ts"))};
    import { installFilter } from ${JSON.stringify(join(ROOT, "ffi/seccomp/filter.ts"))};
    import { systemCallNumber } from ${JSON.stringify(join(ROOT, "ffi/system-calls.ts"))};
    import { libc } from ${JSON.stringify(join(ROOT, "ffi/libc.ts"))};
    const op = (code, k, jt = 0, jf = 0) => [code | (jt << 16) | (jf << 24), k];
    const failing = Object.entries(${JSON.stringify(calls)}).flatMap(([name, errno]) => [
      op(0x15, systemCallNumber(name), 0, 1), op(0x06, 0x50000 + errno),
    ]);
    libc.prctl(38, 1, 0, 0, 0);
    installFilter(Uint32Array.from([op(0x20, 0), ...failing, op(0x06, 0x7fff0000)].flat()), false);
    const [path, ...args] = process.argv.slice(1);
    exec(path, [path, ...args], process.env);`;
  return [process.execPath, "-e", program];
}

/** The words before a program that start it as an ordinary user, for whom /dev/kvm is there. Only root can say them. */
export function asUser(uid: number): string[] {
  return withKvm("chmod 666 /mnt/kvm", [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"]);
}

/** The same, where /dev/kvm is a group's, as distributions have it, and the user is in that group. */
export function asMemberOf(group: number, uid: number): string[] {
  const open = `chown 0:${group} /mnt/kvm; chmod 660 /mnt/kvm`;
  return withKvm(open, [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${group}`]);
}

function withKvm(open: string, identity: readonly string[]): string[] {
  const script = `mount -t tmpfs none /mnt; mknod /mnt/kvm c 10 232; ${open}; mount --bind /mnt/kvm /dev/kvm; exec setpriv "$@"`;
  return ["unshare", "-m", "sh", "-ec", script, "sh", ...identity];
}

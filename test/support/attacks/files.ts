/** Attacks on files of the host. */
import { diskAccess } from "../../../src/host/open-file.ts";
import type { Attack } from "./attack.ts";
import type { Attacker } from "./attacker.ts";

const AT_FDCWD = -100;
const O = { RDONLY: 0, RDWR: 2, ACCMODE: 3, CREAT: 0o100, CLOEXEC: 0o2000000, PATH: 0o10000000 };
/** With these a VM's own disks are opened, so a filter may allow them. */
const AS_A_DISK = diskAccess(false, false) | O.CLOEXEC;
const EACCES = 13;
const F_GETFL = 3;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
/** struct stat. */
const STAT = { size: 144, mode: 24 };
const MOST_DESCRIPTORS = 128;

export const FILE_ATTACKS: readonly Attack[] = [
  {
    name: "read a file of the host",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: (by, { file }) => by.opens(file, O.RDONLY),
  },
  {
    name: "write a file",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: (by, { folder }) => by.opens(`${folder}/new`, O.RDWR | O.CREAT),
  },
  {
    name: "open the image beside its own disk",
    stoppedBy: { namespaces: true, landlock: 1 },
    // For reading alone where the filter lets nothing be opened for writing: that is somebody else's secret too.
    run: (by, { neighbour }) => by.opens(neighbour, AS_A_DISK) && by.opens(neighbour, O.RDONLY),
  },
  {
    name: "write to a disk that it has for reading",
    stoppedBy: { landlock: 1 },
    run: reopenForWriting,
  },
  {
    name: "write its own memory by /proc/self/mem",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: (by) => by.opens("/proc/self/mem", O.RDWR),
  },
  {
    name: "delete a file of the host",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: (by, { folder }) => by.fails("unlink", by.text(`${folder}/there`)),
  },
  {
    name: "learn whether a file is there",
    stoppedBy: { namespaces: true, seccomp: true },
    run: (by, { file }) => by.fails("access", by.text(file), 0),
  },
  {
    name: "make a device node",
    stoppedBy: { privileges: true, namespaces: true, landlock: 1, seccomp: true },
    run: (by, { folder }) => by.fails("mknodat", AT_FDCWD, by.text(`${folder}/kmem`), 0o020600, 0x102),
  },
];

/** /proc has every open file under a name, by which it can be opened once more, otherwise than it is. */
function reopenForWriting(by: Attacker): number {
  const status = by.address(new Uint8Array(STAT.size));
  for (let fd = 0; fd < MOST_DESCRIPTORS; fd++) {
    if (by.call("fstat", fd, status) !== 0) continue;
    if ((by.view(status + STAT.mode, 4).getUint32(0, true) & S_IFMT) !== S_IFREG) continue;
    const flags = by.call("fcntl", fd, F_GETFL);
    // One that only names its file (O_PATH) says nothing of how that may be opened: a disk for writing has such a name.
    if (flags >= 0 && (flags & (O.ACCMODE | O.PATH)) !== O.RDONLY) continue;
    if (by.opens(`/proc/self/fd/${fd}`, AS_A_DISK) === 0) return 0;
  }
  return EACCES;
}

/** What an attack is, and what there is to be attacked. */
import type { Attacker } from "./attacker.ts";

export interface Targets {
  /** A listener on the host's loopback, TCP. */
  readonly port: number;
  /** One on an abstract Unix socket. */
  readonly abstractName: string;
  /** A process of the same user, without privileges. */
  readonly sibling: number;
  /** A file of the host's that everybody may read, and a folder where everybody may write. */
  readonly file: string;
  readonly folder: string;
  /** An image that the VM has as a disk, and the one beside it, which it has not. */
  readonly disk: string;
  readonly neighbour: string;
  /** A program that is root's and setuid; its exit status is 0 if that gave it any privilege. */
  readonly setuid: string;
}

export interface Attack {
  readonly name: string;
  /** The layers that stop it, each alone. For Landlock: from which ABI on. */
  readonly stoppedBy: {
    readonly privileges?: true;
    readonly namespaces?: true;
    readonly landlock?: number;
    readonly seccomp?: true;
  };
  /** Does no harm where it succeeds. @returns 0 where it succeeded, else errno */
  readonly run: (by: Attacker, targets: Targets) => number;
}

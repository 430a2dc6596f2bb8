/** A virtual machine monitor that volt is compared with: how to find it, and how to start a guest with it. */

/** The same for every monitor: one guest. Its console is the monitor's stdin and stdout. */
export interface GuestSpec {
  /** An ELF vmlinux with a PVH entry. */
  readonly kernel: string;
  /** The same kernel as a bzImage, where there is one: some monitors take nothing else. */
  readonly bzImage?: string;
  /** The same guest as 16-bit code of no format, at 0x1000:0: what kvmtool takes besides a bzImage. */
  readonly flat?: string;
  readonly initrd?: string;
  readonly commandLine: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** A raw image that is the guest's first virtio disk. */
  readonly disk?: string;
  /** A TAP device of the host, which is the guest's eth0. */
  readonly tap?: string;
  /** The guest's context id, and the Unix socket that stands for the host's side where the monitor has one. */
  readonly vsock?: { readonly cid: number; readonly socket: string };
  /** Network and vsock are served by the host's kernel. Monitors that know only one way take that. */
  readonly vhost?: boolean;
}

export interface Peer {
  /** On the command line and in tables. */
  readonly name: string;
  /** The program's name in PATH. */
  readonly program: string;
  /** What makes it say its version. */
  readonly versionFlag: string;
  /**
   * The command line that boots the guest and ends when the guest resets.
   * @param scratch a folder for what it needs written down first
   * @returns undefined where it can't run such a guest
   */
  command(path: string, guest: GuestSpec, scratch: string): readonly string[] | undefined;
}

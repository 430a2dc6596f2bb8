/**
 * One guest in plain QEMU (no KVM), to test the guest's side without volt's. Its serial line is `send` and `output`;
 * the bytes it writes to the ready and status ports end up in files.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunOptions, runArchive } from "../../src/boot/initramfs.ts";
import { guestFiles } from "./guest-kernel.ts";

export const READY_PORT = 0x502;
const LIMIT_MS = 90_000;

export interface GuestOptions extends Omit<RunOptions, "terminal"> {
  readonly terminal?: boolean;
  readonly cmdline?: string;
  /** `virtio` is hvc0, the default ttyS0. */
  readonly console?: "serial" | "virtio";
  /** A disk image: the guest's vda. */
  readonly disk?: string;
  /** In place of the archive with /volt/run. */
  readonly handOver?: Uint8Array;
}

/** On a busy host QEMU's timer is late, and Linux would report, or even panic, that it is not connected. */
const CMDLINE = "quiet panic=-1 no_timer_check";

const CONSOLES = {
  serial: { tty: "ttyS0", devices: ["-serial", "chardev:console"] },
  virtio: { tty: "hvc0", devices: ["-device", "virtio-serial-pci", "-device", "virtconsole,chardev=console"] },
} as const;

export interface GuestEnd {
  /** What was written to I/O port 0x501, 0 if nothing was. */
  readonly status: number;
  readonly output: Buffer;
}

export class GuestVm implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "volt-guest-"));
  readonly #qemu: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #finished: Promise<void>;
  #output = Buffer.alloc(0);
  #monitor: Socket | undefined;

  constructor(options: GuestOptions) {
    const { kernel, initramfs } = guestFiles();
    const initrd = this.#path("initrd");
    const handOver = options.handOver ?? runArchive({ terminal: false, readyPort: READY_PORT, ...options });
    writeFileSync(initrd, Buffer.concat([initramfs, handOver]));
    const { devices, tty } = CONSOLES[options.console ?? "serial"];
    this.#qemu = Bun.spawn(
      [
        "timeout",
        ...["-k", "5", `${LIMIT_MS / 1000}`, "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot"],
        ...["-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "256", "-display", "none"],
        ...["-kernel", kernel, "-initrd", initrd, "-append", `console=${tty} ${CMDLINE} ${options.cmdline ?? ""}`],
        ...["-chardev", "stdio,id=console,signal=off", ...devices],
        ...(options.disk ? ["-drive", `file=${options.disk},if=virtio,format=raw`] : []),
        ...["-monitor", `unix:${this.#path("monitor")},server=on,wait=off`],
        ...this.#portFile("status", 0x501),
        ...this.#portFile("ready", READY_PORT),
      ],
      { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
    );
    this.#finished = this.#collect();
  }

  get output(): string {
    return this.#output.toString("latin1");
  }

  /** Waits until init says that the console takes input. */
  async ready(): Promise<void> {
    await this.#waitFor("the guest's init", () => readFileSync(this.#path("ready")).length > 0);
  }

  /** Waits until the guest has printed `text`. */
  async printed(text: string): Promise<void> {
    await this.#waitFor(`"${text}"`, () => this.output.includes(text));
  }

  send(bytes: string | Uint8Array): void {
    this.#qemu.stdin.write(bytes);
    this.#qemu.stdin.flush();
  }

  /** One command of QEMU's monitor: what it answers. */
  async monitor(command: string): Promise<string> {
    this.#monitor ??= await this.#connect();
    const socket = this.#monitor;
    let answer = "";
    const answered = new Promise<string>((resolve) => {
      const take = (data: Buffer) => {
        answer += data.toString("latin1");
        if (!answer.endsWith("\r\n(qemu) ")) return;
        socket.off("data", take);
        resolve(answer);
      };
      socket.on("data", take);
    });
    socket.write(`${command}\n`);
    return await answered;
  }

  /** Waits until the machine is off. */
  async end(): Promise<GuestEnd> {
    const code = await this.#qemu.exited;
    await this.#finished;
    if (code !== 0) throw new Error(`QEMU ended with ${code}; the guest printed:\n${this.output}`);
    const status = readFileSync(this.#path("status"));
    if (status.length > 1) throw new Error(`the guest wrote ${status.length} statuses`);
    return { status: status[0] ?? 0, output: this.#output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#monitor?.destroy();
    this.#qemu.kill();
    await this.#qemu.exited;
    rmSync(this.#folder, { recursive: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #portFile(name: string, port: number): string[] {
    writeFileSync(this.#path(name), "");
    const device = `isa-debugcon,iobase=${port},chardev=${name}`;
    return ["-chardev", `file,id=${name},path=${this.#path(name)}`, "-device", device];
  }

  async #collect(): Promise<void> {
    for await (const chunk of this.#qemu.stdout) this.#output = Buffer.concat([this.#output, chunk]);
  }

  async #connect(): Promise<Socket> {
    await this.#waitFor("QEMU's monitor", () => existsSync(this.#path("monitor")));
    const socket = createConnection(this.#path("monitor"));
    await new Promise<void>((resolve) => {
      let greeting = "";
      const take = (data: Buffer) => {
        greeting += data.toString("latin1");
        if (!greeting.endsWith("(qemu) ")) return;
        socket.off("data", take);
        resolve();
      };
      socket.on("data", take);
    });
    return socket;
  }

  async #waitFor(what: string, happened: () => boolean): Promise<void> {
    while (!happened()) {
      if (this.#qemu.exitCode !== null) throw new Error(`the guest ended before ${what}; it printed:\n${this.output}`);
      await Bun.sleep(20);
    }
  }
}

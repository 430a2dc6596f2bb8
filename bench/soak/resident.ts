/** The VM that lives as long as the soak does, with every device, and what is done to it. */
import { RunningVolt } from "../../test/e2e/guests/volt.ts";
import { peer } from "../../test/e2e/guests/vsock/peer.ts";
import type { RunningCommand } from "../../test/testbed/command.ts";
import type { Random } from "./random.ts";
import type { SoakHost } from "./soak.ts";

const MEMORY_MIB = 256;
const DISK_MIB = 64;
const TAP = "voltsoak0";
const [HOST_ADDRESS, GUEST_ADDRESS] = ["10.77.134.1", "10.77.134.2"];
const CID = 78;
const PORT = 1000;
/** A job of the guest's takes a second where nothing else runs. */
const JOB_MS = 90_000;
const BOOT_MS = 120_000;
const LONGEST_MS = 2 ** 31 - 1;

/** A line for the guest's shell that ends with what it should print. */
type Job = (random: Random) => { readonly script: string; readonly prints: string };

const JOBS: Readonly<Record<string, Job>> = {
  disk: (random) => {
    const [blocks, at] = [random.whole(1, 200), random.whole(0, DISK_MIB * 256 - 200)];
    const place = `bs=4096 count=${blocks}`;
    const script = `head -c ${4096 * blocks} /dev/urandom >/tmp/x; dd if=/tmp/x of=/dev/vda ${place} seek=${at} conv=fsync 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vda ${place} skip=${at} 2>/dev/null | cmp - /tmp/x && echo same`;
    return { script, prints: "same" };
  },
  network: (random) => {
    const bytes = random.whole(0, 1400);
    return { script: `ping -q -c 1 -W 20 -s ${bytes} ${HOST_ADDRESS} >/dev/null && echo answered`, prints: "answered" };
  },
  vsock: (random) => {
    const connections = random.whole(1, 20);
    return { script: `/tmp/peer many vsock:2:${PORT} ${connections} 5`, prints: String(connections) };
  },
  entropy: (random) => {
    const bytes = random.whole(1, 65_536);
    return { script: `head -c ${bytes} /dev/hwrng | wc -c`, prints: String(bytes) };
  },
  console: (random) => {
    const lines = random.whole(100, 3000);
    return {
      script: `seq ${lines} | tail -n 500 | md5sum >/tmp/a; seq ${lines} | tail -n 500 | tee /tmp/b; md5sum </tmp/b | cmp - /tmp/a && echo whole`,
      prints: "whole",
    };
  },
};

/** Done from outside. */
const DEEDS: Readonly<Record<string, (resident: Resident, random: Random) => Promise<void>>> = {
  async balloon(resident, random) {
    await resident.ask("PATCH", "/balloon", { amount_mib: random.whole(0, MEMORY_MIB / 4) });
  },
  async pause(resident, random) {
    await resident.ask("PATCH", "/vm", { state: "Paused" });
    await Bun.sleep(random.whole(0, 500));
    await resident.ask("PATCH", "/vm", { state: "Resumed" });
  },
};

export const CHORES = [...Object.keys(JOBS), ...Object.keys(DEEDS)];

export class Resident implements AsyncDisposable {
  readonly #soak: SoakHost;
  readonly #vm: RunningVolt;
  readonly #echo: RunningCommand;
  readonly #socket: string;
  readonly #lines: LineQueue;
  #jobs = 0;

  private constructor(soak: SoakHost, number: number) {
    const { host } = soak;
    this.#soak = soak;
    this.#socket = `${host.share}/soak-${number}.api`;
    const vsock = `${host.share}/soak-${number}.vsock`;
    this.#echo = host.start([peer().path, "echo", `unix:${vsock}_${PORT}`], { timeoutMs: LONGEST_MS });
    this.#echo.finished.catch(() => undefined);
    this.#lines = new LineQueue();
    const devices = [
      "--disk",
      disk(host.share),
      "--net",
      `tap=${TAP}`,
      "--vsock",
      `cid=${CID},path=${vsock}`,
      "--balloon",
      "0",
    ];
    const args = ["--memory", `${MEMORY_MIB}M`, ...devices, "--api", this.#socket, "--", "sh"];
    const options = { program: soak.volt, stdin: this.#lines.chunks(), limitMs: LONGEST_MS };
    this.#vm = new RunningVolt(host, soak.store, args, options, () => undefined);
  }

  /** Boots it. @throws Error with what it said when it does not come up */
  static async start(soak: SoakHost, number: number): Promise<Resident> {
    const { status, stderr } = await soak.host.run([
      ...["sh", "-c"],
      `truncate -s ${DISK_MIB}M ${disk(soak.host.share)}; modprobe -qa tun; ip link show ${TAP} >/dev/null 2>&1 || { ip tuntap add ${TAP} mode tap && ip addr add ${HOST_ADDRESS}/24 dev ${TAP} && ip link set ${TAP} up; }`,
    ]);
    if (status !== 0) throw new Error(`no TAP device for the soak: ${stderr}`);
    const resident = new Resident(soak, number);
    try {
      await resident.#settleIn();
      return resident;
    } catch (error) {
      await resident[Symbol.asyncDispose]();
      throw error;
    }
  }

  pid(): number {
    return this.#vm.pid();
  }

  /** One job, or one thing done to it. @throws Error with what went wrong */
  async chore(name: string, random: Random): Promise<void> {
    const job = JOBS[name];
    if (!job) return await DEEDS[name]!(this, random);
    const { script, prints } = job(random);
    await this.#run(script, prints, JOB_MS);
  }

  /** A request to the control API. @throws Error unless it was done */
  async ask(method: string, path: string, body: object): Promise<void> {
    const words = ["curl", "-sS", "--max-time", "30", "--unix-socket", this.#socket, "-X", method];
    const all = [...words, "-d", JSON.stringify(body), "-w", "%{http_code}", `http://localhost${path}`];
    const { stdout, stderr } = await this.#soak.host.run(all);
    if (!/20\d$/.test(stdout.toString())) throw new Error(`${method} ${path}: ${stdout} ${stderr}`);
  }

  /** Asks it to go. @returns what was wrong with its end */
  async leave(): Promise<string | undefined> {
    this.#lines.push("exit 7\n");
    const { status, log } = await within(this.#vm.end(), JOB_MS, "the resident's end");
    return status === 7 && log === "" ? undefined : `status ${status}, not 7; log: ${log.slice(-500)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.end();
    await this.#vm[Symbol.asyncDispose]();
    this.#echo.kill();
    await this.#echo.finished.catch(() => undefined);
    if (!this.#soak.host.alive) return;
    await this.#soak.host.run([
      "sh",
      "-c",
      `rm -f ${this.#socket}* ${disk(this.#soak.host.share)}; ip link del ${TAP}`,
    ]);
  }

  async #settleIn(): Promise<void> {
    const program = Buffer.from(peer().bytes).toString("base64");
    this.#lines.push(`base64 -d >/tmp/peer <<'END'\n${program.replaceAll(/.{1,76}/g, "$&\n")}END\n`);
    await this.#run("chmod +x /tmp/peer && echo installed", "installed", BOOT_MS);
    const up = `ip addr add ${GUEST_ADDRESS}/24 dev eth0 && ip link set eth0 up && ping -q -c 1 -W 20 ${HOST_ADDRESS} >/dev/null && echo up`;
    await this.#run(up, "up", JOB_MS);
  }

  /** Runs a line in the guest's shell. The last thing it prints has to be `prints`. */
  async #run(script: string, prints: string, limitMs: number): Promise<void> {
    const mark = `job ${++this.#jobs}`;
    const begin = this.#vm.stdout.length;
    this.#lines.push(`${script}; echo "${mark} over"\n`);
    await within(this.#vm.printed(`${mark} over\n`), limitMs, `"${script}"`);
    const said = this.#vm.stdout.slice(begin).replace(`${mark} over\n`, "").trimEnd();
    if (said.split("\n").at(-1) !== prints)
      throw new Error(`"${script}" said ${JSON.stringify(said.slice(-300))}, not ${JSON.stringify(prints)}`);
  }
}

function disk(share: string): string {
  return `${share}/soak.img`;
}

async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: not done in ${ms / 1000} s`)), ms);
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

/** Text that goes to the guest's shell as it comes. */
class LineQueue {
  readonly #waiting: string[] = [];
  #ended = false;
  #wake = Promise.withResolvers<void>();

  push(text: string): void {
    this.#waiting.push(text);
    this.#wake.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    while (!this.#ended) {
      for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) yield Buffer.from(text);
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}

/** The metadata service on a wire that is the test, with a clock that only moves when the test says so. */
import { DEFAULT_MMDS_ADDRESS, type MmdsConfig } from "../../../../src/config/mmds.ts";
import { answering } from "../../../../src/devices/mmds/answer.ts";
import { newMmdsCounters } from "../../../../src/devices/mmds/counters.ts";
import { MOST_REPLY_BYTES, Responder } from "../../../../src/devices/mmds/net/responder.ts";
import { MmdsService } from "../../../../src/devices/mmds/service.ts";
import { MmdsStore } from "../../../../src/devices/mmds/store.ts";
import { TokenAuthority } from "../../../../src/devices/mmds/tokens.ts";
import { Client, type Wire } from "../../../support/mmds/client.ts";

const MOST_FRAME_BYTES = 70_000;
/** More frames than any test makes: beyond, something goes round in circles. */
const MOST_FRAMES = 10_000;

export const DOCUMENT = {
  latest: {
    "meta-data": { "ami-id": "ami-1", network: { mac: "06:00" }, empty: "", list: ["one", "two"] },
    numbers: { small: 512, long: 1.5 },
  },
};

export class ServiceRig implements Wire {
  readonly store: MmdsStore;
  readonly counters = newMmdsCounters();
  readonly responder: Responder;
  readonly service: MmdsService;
  /** Nanoseconds, and when the alarm rings. */
  time = 1e15;
  rings = Number.POSITIVE_INFINITY;
  #port = 40_000;
  readonly #incoming = new Uint8Array(MOST_FRAME_BYTES);
  readonly #outgoing = new Uint8Array(MOST_REPLY_BYTES);

  /** @param options `document` null: there is none yet */
  constructor(config: Partial<MmdsConfig> = {}, { document = DOCUMENT as unknown, limit = 51_200, mtu = 1500 } = {}) {
    const settings: MmdsConfig = {
      version: "V1",
      network_interfaces: ["net0"],
      ipv4_address: DEFAULT_MMDS_ADDRESS,
      imds_compat: false,
      ...config,
    };
    this.store = new MmdsStore(limit, document === null ? undefined : JSON.stringify(document));
    this.service = new MmdsService(settings, this.store, new TokenAuthority("test", () => this.time));
    this.responder = new Responder({
      address: 0xa9fe_a9fe,
      mtu,
      answer: answering(this.service, this.counters),
      counters: this.counters,
      incoming: this.#incoming,
      outgoing: this.#outgoing,
      setAlarm: (ns) => {
        this.rings = this.time + ns;
      },
      now: () => this.time,
    });
  }

  /** @returns whether it was for the service */
  offer(frame: Uint8Array, isPartial = false): boolean {
    this.#incoming.set(frame);
    if (!this.responder.isForIt(frame.length)) return false;
    this.responder.receive(frame.length, isPartial);
    return true;
  }

  send(frame: Uint8Array): void {
    if (!this.offer(frame)) throw new Error("it is not for the service");
  }

  receive(most = MOST_FRAMES): Uint8Array[] {
    const frames: Uint8Array[] = [];
    while (this.responder.hasOutput && frames.length < most) {
      const length = this.responder.write();
      if (length > 0) frames.push(this.#outgoing.slice(0, length));
    }
    if (frames.length === MOST_FRAMES) throw new Error("it never ends");
    return frames;
  }

  /** Time passes, and the alarm rings when it is due. */
  pass(seconds: number): void {
    const end = this.time + seconds * 1e9;
    while (this.rings <= end) {
      this.time = this.rings;
      this.rings = Number.POSITIVE_INFINITY;
      this.responder.expire();
    }
    this.time = end;
  }

  client(): Client {
    return new Client(this, this.#port++).open();
  }

  /** One request on a connection of its own. */
  ask(request: string): string {
    return this.client().ask(request);
  }
}

export function get(path: string, ...headers: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, ...headers, "", ""].join("\r\n");
}

export function put(path: string, ...headers: readonly string[]): string {
  return [`PUT ${path} HTTP/1.1`, ...headers, "", ""].join("\r\n");
}

/** Status and body of an answer. */
export function read(answer: string): { readonly status: number; readonly body: string } {
  const end = answer.indexOf("\r\n\r\n");
  return { status: Number(answer.split(" ")[1]), body: answer.slice(end + 4) };
}

/** What the metadata service answers a guest, by the rules and with the texts of Firecracker's. */
import type { MmdsConfig } from "../../config/mmds.ts";
import { harmless } from "../../http/header.ts";
import type { MmdsCounters } from "./counters.ts";
import type { MmdsRequest, MmdsResponse } from "./http.ts";
import { isObject, type Json, keysOf, metadataText, valueAt } from "./json.ts";
import type { MmdsStore } from "./store.ts";
import { TOKEN_SECONDS, type TokenAuthority } from "./tokens.ts";

const TOKEN_PATH = "/latest/api/token";
const TOKEN = ["x-metadata-token", "x-aws-ec2-metadata-token"];
const TTL = ["x-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token-ttl-seconds"];
const FORWARDED = "x-forwarded-for";
const NO_TOKEN =
  "No MMDS token provided. Use `X-metadata-token` or `X-aws-ec2-metadata-token` header to specify the session token.";
const NO_TTL =
  "Token time to live value not found. Use `X-metadata-token-ttl-seconds` or `X-aws-ec2-metadata-token-ttl-seconds` header to specify the token's lifetime.";
const UNSUPPORTED = "Cannot retrieve value. The value has an unsupported type.";

/** One for a VM, whichever interface a request comes by. */
export class MmdsService {
  readonly #config: MmdsConfig;
  readonly #store: MmdsStore;
  readonly #tokens: TokenAuthority;

  constructor(config: MmdsConfig, store: MmdsStore, tokens: TokenAuthority) {
    this.#config = config;
    this.#store = store;
    this.#tokens = tokens;
  }

  answer(request: MmdsRequest, counters: MmdsCounters): MmdsResponse {
    if (!request.path.startsWith("/")) return refusal(400, "Invalid URI.");
    switch (request.method) {
      case "GET":
        return this.#get(request, counters);
      case "PUT":
        return this.#issueToken(request);
      default:
        return { ...refusal(405, "Not allowed HTTP method."), headers: { Allow: "GET, PUT" } };
    }
  }

  #get(request: MmdsRequest, counters: MmdsCounters): MmdsResponse {
    const isStrict = this.#config.version === "V2";
    const token = headerOf(request, TOKEN)?.value;
    if (token === undefined) {
      counters.mmdsNoToken++;
      if (isStrict) return refusal(401, NO_TOKEN);
    } else if (!this.#tokens.isValid(token)) {
      counters.mmdsInvalidToken++;
      if (isStrict) return refusal(401, "MMDS token not valid.");
    }
    return this.#read(request);
  }

  #read({ path, headers }: MmdsRequest): MmdsResponse {
    const value = valueAt(this.#store.document, pointerOf(path).replace(/\/$/, ""));
    if (value === undefined) return notFound(path);
    const type = headers.get("accept")?.toLowerCase() === "application/json" ? "application/json" : "text/plain";
    // EC2's service has one format, whatever is asked for.
    const wantsJson = type === "application/json" && !this.#config.imds_compat;
    const body = wantsJson ? metadataText(value) : imdsText(value);
    return body === undefined ? refusal(501, UNSUPPORTED) : { status: 200, type, body };
  }

  #issueToken(request: MmdsRequest): MmdsResponse {
    // A proxy's: the token would be for somebody behind it.
    if (request.headers.has(FORWARDED)) {
      return refusal(400, `Invalid header. Reason: Unsupported header name. Key: ${FORWARDED}`);
    }
    if (pointerOf(request.path) !== TOKEN_PATH) return notFound(request.path);
    const wish = headerOf(request, TTL);
    if (!wish) return refusal(400, NO_TTL);
    const { name, value } = wish;
    const seconds = /^\+?\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(seconds < 2 ** 32)) {
      return refusal(400, `Invalid header. Reason: Invalid value. Key:${name}; Value:${harmless(value)}`);
    }
    const { min, max } = TOKEN_SECONDS;
    if (seconds < min || seconds > max) {
      return refusal(
        400,
        `Invalid time to live value provided for token: ${seconds}. Please provide a value between ${min} and ${max}.`,
      );
    }
    return { status: 200, body: this.#tokens.issue(seconds), headers: { [name]: String(seconds) } };
  }
}

/** IMDS's text: a string as it is, an object as the list of its keys. Undefined for all else. */
function imdsText(value: Json): string | undefined {
  if (typeof value === "string") return value;
  if (!isObject(value)) return undefined;
  return keysOf(value)
    .map((key) => (isObject(value[key]!) ? `${key}/` : key))
    .join("\n");
}

function pointerOf(path: string): string {
  return path.replaceAll(/\/+/g, "/");
}

function headerOf({ headers }: MmdsRequest, names: readonly string[]) {
  const name = names.find((one) => headers.has(one));
  return name === undefined ? undefined : { name, value: headers.get(name)! };
}

function notFound(path: string): MmdsResponse {
  return refusal(404, `Resource not found: ${path}.`);
}

function refusal(status: number, body: string): MmdsResponse {
  return { status, body };
}

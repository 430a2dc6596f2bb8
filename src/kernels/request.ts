/** HTTP requests, with what goes wrong in volt's words. */
import { withoutPassword } from "./address.ts";

/** As many as browsers follow, less what nobody needs. */
const REDIRECTS = 10;

/** Why something can't be fetched. */
export interface Problem {
  readonly text: string;
  /** Whether another try may help. */
  readonly again: boolean;
}

/**
 * Asks for an address, and wherever it leads.
 * @returns the first answer that is no redirect
 * @throws what fetch throws: `networkProblem` has the words
 */
export async function request(
  address: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response | Problem> {
  let at = address;
  for (let count = 0; count <= REDIRECTS; count++) {
    const response = await fetch(at, { headers, signal, redirect: "manual" });
    const to = response.headers.get("location");
    if (!isRedirect(response.status) || to === null) return response;
    await response.body?.cancel();
    if (!URL.canParse(to, at))
      return { text: `it leads on to "${withoutPassword(to)}", which is no address`, again: false };
    const next = new URL(to, at);
    if (next.protocol !== "http:" && next.protocol !== "https:") {
      const shown = withoutPassword(next.href);
      return { text: `it leads on to ${shown}: volt follows to http:// and https:// only`, again: false };
    }
    at = next.href;
  }
  return { text: `it leads on more than ${REDIRECTS} times, perhaps in a circle: check the address`, again: false };
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** Of Bun's and OpenSSL's codes, those that say something. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/ConnectionRefused|ECONNREFUSED|FailedToOpenSocket|ENOTFOUND|EAI_|DNS/i, "no connection to the server comes about"],
  [/ConnectionClosed|ECONNRESET|ConnectionReset|EPIPE|ZlibError/i, "the server broke off the connection"],
  [/CERT|SIGNATURE|TLS|SSL/i, "the server's certificate is not good"],
  [/Timeout|ETIMEDOUT/i, "the server does not answer"],
  [/./, "the server's answer makes no sense"],
];

/** What fetch threw, without its advice for who writes programs. */
export function networkProblem(error: unknown): Problem {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const id = String(code ?? name ?? "unknown");
  const words = WORDS.find(([pattern]) => pattern.test(id))?.[1];
  return { text: `it can't be fetched, ${words} (${id}): check the address and the network`, again: true };
}

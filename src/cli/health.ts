/** `volt health`: whether the VM in this container still answers, for a runtime's health check. */
import { defineCommand } from "citty";
import { ConfigError } from "../config/error.ts";
import { print } from "./failure.ts";
import { RUN_FLAGS } from "./run-flags.ts";
import { checkReachable } from "./vm/client.ts";

const STDOUT = 1;
/** A main loop that is well answers in milliseconds, whatever the guest does. */
const LIMIT_MS = 3000;

export const healthCommand = defineCommand({
  meta: { name: "health", description: "Tell whether a running VM answers; exit status 1 if it does not" },
  args: { api: RUN_FLAGS.api },
  async run({ args: { api } }) {
    if (api === undefined) throw new ConfigError("", "--api", "which VM? Give the socket that its volt run --api has");
    const { answers, text } = await askState(api);
    print(STDOUT, `${text}\n`);
    if (!answers) process.exitCode = 1;
  },
});

/** A paused VM is well: who paused it knows. */
async function askState(socket: string): Promise<{ readonly answers: boolean; readonly text: string }> {
  try {
    checkReachable({ name: `no answer at ${socket}`, api: socket, instance: undefined });
  } catch (error) {
    return { answers: false, text: (error as Error).message };
  }
  try {
    const answer = await fetch("http://localhost/", { unix: socket, signal: AbortSignal.timeout(LIMIT_MS) });
    const { state } = (await answer.json()) as { readonly state?: unknown };
    return { answers: answer.ok && typeof state === "string", text: String(state) };
  } catch (error) {
    return { answers: false, text: `no answer at ${socket}: ${why(error as Error)}` };
  }
}

/** In volt's words: Bun's speak of a URL that nobody gave. */
function why({ name }: Error): string {
  if (name === "TimeoutError") return `timed out after ${LIMIT_MS / 1000} s: is its process stopped?`;
  return name === "SyntaxError" ? "what listens there is no VM's API" : "it ended before it answered";
}

/** A client of the API that is none of ours: curl. */
import { closeSocket, connectTo } from "../../../ffi/socket.ts";
import { atMost } from "../../support/emulated.ts";

export interface Answer {
  readonly status: number;
  /** Parsed; undefined without one. */
  readonly body: unknown;
}

const LIMIT_MS = atMost(10_000);

/** Waits until something accepts connections at a socket. */
export async function listening(socket: string): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await Bun.sleep(5)) {
    // Its file is there a moment before anybody listens.
    const connection = connectTo(socket);
    if (connection < 0) continue;
    closeSocket(connection);
    return;
  }
  throw new Error(`nobody listens at ${socket}`);
}

export async function ask(socket: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const data = body === undefined ? [] : ["-d", JSON.stringify(body)];
  const text = await curl(socket, "-w", "\n%{http_code}", "-X", method, ...data, `http://localhost${path}`);
  const end = text.lastIndexOf("\n");
  return { status: Number(text.slice(end + 1)), body: end > 0 ? JSON.parse(text.slice(0, end)) : undefined };
}

/** What curl prints. @throws Error when it gets no answer */
export async function curl(socket: string, ...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(
    ["curl", "-s", "-S", "--max-time", String(LIMIT_MS / 1000), "--unix-socket", socket, ...args],
    {
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(`curl ${args.join(" ")}: ${err}`);
  return out;
}

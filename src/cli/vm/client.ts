/** Requests to a running VM. */
import { Errno, SystemError } from "../../../ffi/error.ts";
import { Fd, O } from "../../../ffi/fd.ts";
import { closeSocket, connectTo } from "../../../ffi/socket.ts";
import { ConfigError } from "../../config/error.ts";
import type { Target } from "./target.ts";

/** A VM answers within milliseconds, unless it is just starting or its process is stopped. */
const LIMIT_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** @returns the answer's body, parsed; undefined without one @throws ConfigError, also for what the VM refuses */
export async function ask<T = unknown>(target: Target, method: string, path: string, body?: unknown): Promise<T> {
  const { status, text } = await request(target, method, path, body);
  if (status >= 400) throw new ConfigError("", target.name, faultOf(text));
  return text === "" ? (undefined as T) : JSON.parse(text);
}

/** @throws ConfigError when nobody answers */
export async function request(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
  limitMs = LIMIT_MS,
): Promise<Answer> {
  const response = await send(target, method, path, body, AbortSignal.timeout(limitMs));
  return { status: response.status, text: await response.text() };
}

/**
 * What happens to a VM, from now until it ends.
 * @returns the lines as they come: JSON objects
 */
export async function* events(target: Target): AsyncGenerator<string> {
  const response = await send(target, "GET", "/volt/events");
  if (!response.ok || !response.body) throw new ConfigError("", target.name, faultOf(await response.text()));
  let rest = "";
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
  } catch {
    // A VM that is killed ends no response.
  }
}

/** @throws ConfigError that says why nobody can be reached there */
export function checkReachable({ name, api }: Target): void {
  const socket = connectTo(api);
  if (socket >= 0) {
    closeSocket(socket);
    return;
  }
  switch (-socket) {
    case Errno.ENOENT:
      throw new ConfigError("", name, `no VM listens at ${api}: volt ps lists those that run`);
    case Errno.ECONNREFUSED:
      // What is no socket refuses as well.
      throw new ConfigError("", name, whyRefused(api));
    case Errno.EACCES:
      throw new ConfigError("", name, `permission denied to reach ${api}: it is another user's VM`);
    case Errno.EAGAIN:
      throw new ConfigError("", name, `too many clients wait at ${api}: is its process stopped? volt kill ends it`);
    case Errno.ENAMETOOLONG:
      throw new ConfigError("", name, `${api} is too long for a socket: go to its folder`);
    default:
      throw new ConfigError("", name, new SystemError("connect", -socket, api).message);
  }
}

function whyRefused(api: string): string {
  using file = Fd.open(api, O.PATH);
  const { kind } = file.status();
  return kind === "socket"
    ? `the VM that listened at ${api} has ended`
    : `${api} is a ${kind}, not a socket: give the one that a VM's API listens at`;
}

async function send(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  checkReachable(target);
  try {
    return await fetch(`http://localhost${path}`, {
      unix: target.api,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    const late = (error as Error).name === "TimeoutError";
    const why = late ? "does not answer: is its process stopped? volt kill ends it" : "ended before it answered";
    throw new ConfigError("", target.name, `the VM ${why}`);
  }
}

/** Why a request was refused. @param text the answer's body */
export function faultOf(text: string): string {
  try {
    const { fault_message, error } = JSON.parse(text);
    return String(fault_message ?? error ?? text);
  } catch {
    return text;
  }
}

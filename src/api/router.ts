/** From a request to what answers it, by Firecracker's rules of methods, paths and bodies. */

import type { Method } from "../http/request-line.ts";
import { type Counts, countRequest } from "../observe/metrics/counts.ts";
import type { HttpRequest } from "./http/request.ts";
import type { HttpResponse } from "./http/response.ts";

/** What a client asked for can't be done: the message is its `fault_message`. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

export interface Call {
  /** The path's parts: the first names the resource. */
  readonly path: readonly string[];
  readonly body: string | undefined;
}

/** The answer is not there yet: given what takes it, once. */
export type Later = (reply: (response: HttpResponse) => void) => void;

/** By method and the path's first part, under `/volt` its first two: `PUT drives`, `GET volt/timeline`. */
export type Routes = Readonly<Record<string, (call: Call) => HttpResponse | Later>>;

export const NOT_BEFORE_START = "The requested operation is not supported before starting the microVM.";
export const NOT_AFTER_START = "The requested operation is not supported after starting the microVM.";

/** The one PATCH (and its brother to stop) that needs no body. */
const BODY_IS_OPTIONAL = "balloon/hinting/";

/** Never throws for what a client can do. */
export function answer(request: HttpRequest, routes: Routes, counts: Counts): HttpResponse | Later {
  const { method, path, body } = request;
  const parts = partsOf(path);
  const name = routeName(method, parts, routes);
  const response = attempt(() => {
    checkBody(method, parts, body);
    if (name === undefined) throw new Fault(`Invalid request method and/or path: ${method} ${parts[0] ?? ""}.`);
    return routes[name]!({ path: parts, body });
  });
  return whenThere(response, ({ status, isDeprecated }) => {
    countRequest(counts, name, status >= 400);
    if (isDeprecated) counts.deprecatedRequests++;
  });
}

/** Has the answer looked at before it goes. */
export function whenThere(answer: HttpResponse | Later, look: (response: HttpResponse) => void): HttpResponse | Later {
  if (typeof answer === "function") {
    return (reply) =>
      answer((response) => {
        look(response);
        reply(response);
      });
  }
  look(answer);
  return answer;
}

function attempt(route: () => HttpResponse | Later): HttpResponse | Later {
  try {
    return route();
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error), error instanceof Fault ? error.status : 400);
  }
}

export function fault(message: string, status = 400): HttpResponse {
  return { status, body: JSON.stringify({ fault_message: message }) };
}

export function json(value: unknown): HttpResponse {
  return { status: 200, body: JSON.stringify(value) };
}

export const NO_CONTENT: HttpResponse = { status: 204 };

/** The answer to what may take its time: at once where it took none. @param begin hears what takes the answer, once */
export function whenDone(begin: (reply: (response: HttpResponse) => void) => void): HttpResponse | Later {
  let answer: HttpResponse | undefined;
  let take = (response: HttpResponse): void => {
    answer = response;
  };
  begin((response) => take(response));
  return (
    answer ??
    ((reply) => {
      take = reply;
    })
  );
}

/** A handler for what there is no more, not yet, or not now. */
export function refuse(message: string): () => HttpResponse {
  return () => fault(message);
}

/** @throws Fault for what is empty or holds anything but letters, digits and _ */
export function idOf({ path }: Call): string {
  const id = path[1] ?? "";
  if (id === "") throw new Fault("The ID cannot be empty.");
  if (!/^[\p{L}\p{N}_]+$/u.test(id)) {
    throw new Fault("API Resource IDs can only contain alphanumeric characters and underscores.");
  }
  return id;
}

/** @throws Fault where the body names another than the path */
export function checkId(call: Call, inBody: string): void {
  if (idOf(call) !== inBody) throw new Fault("The id from the path does not match the id from the body!");
}

function partsOf(path: string): readonly string[] {
  const parts = path.split("/").slice(path.startsWith("/") ? 1 : 0);
  while (parts.length > 1 && parts.at(-1) === "") parts.pop();
  return parts;
}

/** Undefined where there is none. */
function routeName(method: Method, [first = "", second = ""]: readonly string[], routes: Routes): string | undefined {
  const name = `${method} ${first === "volt" ? `${first}/${second}` : first}`;
  return Object.hasOwn(routes, name) ? name : undefined;
}

/** Before the path is looked at. */
function checkBody(method: Method, parts: readonly string[], body: string | undefined): void {
  if (method === "GET" && body !== undefined) throw new Fault("GET request cannot have a body.");
  if (method === "DELETE" && body !== undefined) throw new Fault("Empty Delete request.");
  const needsBody = method === "PUT" || method === "PATCH";
  if (!needsBody || body !== undefined) return;
  if (method === "PATCH" && parts.join("/").startsWith(BODY_IS_OPTIONAL)) return;
  // volt's own requests that say everything by their path.
  if (parts[0] === "volt") return;
  throw new Fault(`Empty ${method} request.`);
}

/** What the log says of each request. */
import { monotonicNs } from "../../ffi/clock.ts";
import type { HttpRequest } from "../api/http/request.ts";
import type { HttpResponse } from "../api/http/response.ts";
import { type Later, whenThere } from "../api/router.ts";
import type { FirecrackerLog } from "./log.ts";

const STATUS: Readonly<Record<number, string>> = {
  200: "200 OK",
  204: "204 No Content",
  400: "400 Bad Request",
  413: "413 Payload Too Large",
};
const METHOD = { GET: "Get", PUT: "Put", PATCH: "Patch", DELETE: "Delete" } as const;
/** Bodies that may hold what is nobody's business. */
const PRIVATE = /^\/?(mmds|cpu-config)(\/|$)/;

type Answer = HttpResponse | Later | undefined;

/** @param handle its answer is told when it is there; undefined: others tell it */
export function logged(log: FirecrackerLog, request: HttpRequest, handle: (request: HttpRequest) => Answer): Answer {
  const { method, path, body } = request;
  const tail = body === undefined || PRIVATE.test(path) ? "." : ` with body "${body}".`;
  log.write("info", `The API server received a ${METHOD[method]} request on "${path}"${tail}`, "api");
  const before = monotonicNs();
  const answer = handle(request);
  return (
    answer &&
    whenThere(answer, (response) => {
      tell(log, response);
      const us = Math.round((monotonicNs() - before) / 1e3);
      log.write("debug", `Total previous API call duration: ${us} us.`, "api");
    })
  );
}

/** A request that was taken, and came to nothing. @param message as its client is told */
export function tellFault(log: FirecrackerLog, message: string, status = 400): void {
  log.write("error", `Received Error. Status code: ${nameOf(status)}. Message: ${message}`, "api");
}

function tell(log: FirecrackerLog, { status, body, isDeprecated }: HttpResponse): void {
  if (isDeprecated) log.write("warn", "The request used a deprecated field.", "api");
  if (status < 400) log.write("info", `The request was executed successfully. Status code: ${nameOf(status)}.`, "api");
  else tellFault(log, messageOf(body ?? ""), status);
}

/** The log has the message alone, without the JSON around it. */
function messageOf(body: string): string {
  const { fault_message: message } = JSON.parse(body) as { readonly fault_message?: unknown };
  return typeof message === "string" ? message : body;
}

function nameOf(status: number): string {
  return STATUS[status] ?? String(status);
}

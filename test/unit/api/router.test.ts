import { expect, test } from "bun:test";
import { answer, fault, idOf, json, NO_CONTENT, type Routes } from "../../../src/api/router.ts";
import type { Method } from "../../../src/http/request-line.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";

const routes: Routes = {
  "GET ": () => json("root"),
  "GET version": () => json("version"),
  "PUT drives": (call) => json(idOf(call)),
  "PATCH balloon": () => NO_CONTENT,
  "PUT volt/stop": () => NO_CONTENT,
  "PUT fails": () => {
    throw new Error("no luck");
  },
};
const ask = (method: Method, path: string, body?: string) => answer({ method, path, body }, routes, newCounts());

test.each<[Method, string, string | undefined, unknown]>([
  ["GET", "/", undefined, json("root")],
  ["GET", "/version", undefined, json("version")],
  ["GET", "/version/", undefined, json("version")],
  ["GET", "version/more/of/it", undefined, json("version")],
  ["PUT", "/drives/one_1", "{}", json("one_1")],
  ["PATCH", "/balloon/hinting/start", undefined, NO_CONTENT],
  ["PUT", "/volt/stop", undefined, NO_CONTENT],
  ["PUT", "/drives/", "{}", fault("The ID cannot be empty.")],
  ["PUT", "/drives/a-b", "{}", fault("API Resource IDs can only contain alphanumeric characters and underscores.")],
  ["GET", "/version", "{}", fault("GET request cannot have a body.")],
  ["PUT", "/nowhere", undefined, fault("Empty PUT request.")],
  ["PATCH", "/vm", undefined, fault("Empty PATCH request.")],
  ["DELETE", "/drives/x", "{}", fault("Empty Delete request.")],
  ["GET", "/nowhere/at/all", undefined, fault("Invalid request method and/or path: GET nowhere.")],
  ["PUT", "/version", "{}", fault("Invalid request method and/or path: PUT version.")],
  ["GET", "/version?x=1", undefined, fault("Invalid request method and/or path: GET version?x=1.")],
  ["GET", "/constructor", undefined, fault("Invalid request method and/or path: GET constructor.")],
  ["PUT", "/fails", "{}", fault("no luck")],
])("%s %s with the body %p", (method, path, body, expected) => {
  expect(ask(method, path, body)).toEqual(expected as never);
});

/** The metadata service before the start, in Firecracker's words. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { HttpResponse } from "../../../src/api/http/response.ts";
import { answer, fault } from "../../../src/api/router.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { takeConfigFile } from "../../../src/firecracker/config-file.ts";
import { type Draft, newDraft } from "../../../src/firecracker/draft.ts";
import { FirecrackerLog } from "../../../src/firecracker/log.ts";
import { draftRoutes } from "../../../src/firecracker/routes.ts";
import { toVmConfig, vmConfigJson } from "../../../src/firecracker/vm-config.ts";
import type { Method } from "../../../src/http/request-line.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";
import { canMakeTaps, HostTap } from "../../support/host-tap.ts";

const counts = newCounts();
const log = new FirecrackerLog({ id: "test", level: "off" }, counts.log);
let draft: Draft;
beforeEach(() => {
  draft = newDraft(100);
});

/** @param body as it is, or to be made JSON */
function ask(method: Method, path: string, body?: unknown): HttpResponse {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return answer(
    { method, path, body: text },
    draftRoutes(draft, log, () => {}),
    counts,
  ) as HttpResponse;
}

/** Every Linux has one of this name, and at this stage a name is all that is asked for. */
const card = { iface_id: "eth0", host_dev_name: "lo" };

describe("what the service has to tell", () => {
  test("is put, changed and shown, to the last digit", () => {
    expect(ask("GET", "/mmds")).toEqual({ status: 200, body: "{}" });
    expect(ask("PUT", "/mmds", '{"b": 12345678901234567890, "a": {"x": null}}').status).toBe(204);
    expect(ask("PATCH", "/mmds", '{"a":{"y":1.0},"c":null}').status).toBe(204);
    expect(ask("GET", "/mmds")).toEqual({ status: 200, body: '{"a":{"x":null,"y":1.0},"b":12345678901234567890}' });
    expect(draft.metadata).toBe('{"a":{"x":null,"y":1.0},"b":12345678901234567890}');
  });

  test("must be there before it is changed", () => {
    expect(ask("PATCH", "/mmds", {})).toEqual(fault("MMDS error: The MMDS data store is not initialized."));
  });

  test("may be null, which is shown as nothing", () => {
    ask("PUT", "/mmds", "null");
    expect(ask("GET", "/mmds").body).toBe("{}");
    expect(ask("PATCH", "/mmds", { a: 1 }).status).toBe(204);
  });

  test("has a limit", () => {
    const tooMuch = fault("MMDS limit exceeded error: The MMDS patch request doesn't fit.", 413);
    expect(ask("PUT", "/mmds", { a: "x".repeat(92) }).status).toBe(204);
    expect(ask("PUT", "/mmds", { a: "x".repeat(93) })).toEqual(tooMuch);
    expect(ask("PATCH", "/mmds", { b: 1 })).toEqual(tooMuch);
    expect(ask("PATCH", "/mmds", { a: "short", b: 1 }).status).toBe(204);
  });

  test.each([
    ["{", "An error occurred when deserializing the json body of a request:"],
    [`${"[".repeat(200)}${"]".repeat(200)}`, "recursion limit exceeded"],
  ])("must be JSON, which %p is not", (body, problem) => {
    const { status, body: text } = ask("PUT", "/mmds", body);
    expect(status).toBe(400);
    expect(text).toContain(problem);
  });

  test("has no other place", () => {
    expect(ask("PUT", "/mmds/other", {})).toEqual(fault("Unrecognized PUT request path `other`."));
    expect(ask("PUT", "/mmds-config", {})).toEqual(fault("Invalid request method and/or path: PUT mmds-config."));
  });
});

describe("its configuration", () => {
  const put = (body: object) => ask("PUT", "/mmds/config", body);
  beforeEach(() => {
    // A request would have it opened, and few hosts have a TAP.
    draft.interfaces = [card];
  });

  test("is shown with its defaults, and becomes the machine's", () => {
    expect(put({ network_interfaces: ["eth0"], version: "V2" })).toEqual({ status: 204 });
    const whole = {
      version: "V2",
      network_interfaces: ["eth0"],
      ipv4_address: "169.254.169.254",
      imds_compat: false,
    };
    expect(JSON.stringify(vmConfigJson(draft)["mmds-config"])).toBe(JSON.stringify(whole));
    const config = parseConfig(toVmConfig(draft, "one", []), "");
    expect(config["mmds-config"]).toEqual(whole as never);
    expect(config.volt.mmds_size_limit).toBe(100);
  });

  test("of V1 is on its way out", () => {
    expect(put({ network_interfaces: ["eth0"] })).toEqual({ status: 204, isDeprecated: true });
    expect(put({ network_interfaces: ["eth0"], version: "V1", ipv4_address: null }).isDeprecated).toBe(true);
  });

  test.each<[string, object, string]>([
    [
      "without an interface",
      { network_interfaces: [] },
      "MMMDS config error: The list of network interface IDs that allow forwarding MMDS requests is empty.",
    ],
    [
      "with one that is not there",
      { network_interfaces: ["eth0", "eth1"] },
      "MMMDS config error: The list of network interface IDs provided contains at least one ID that does not correspond to any existing network interface.",
    ],
    ["without the list", {}, "missing field `network_interfaces` at line 1 column 2"],
    ["of another version", { network_interfaces: ["eth0"], version: "foo" }, "unknown variant `foo`, "],
    ["with more", { network_interfaces: ["eth0"], x: 1 }, "unknown field `x`"],
    ...["", "1.1.1.1", "169.254.0.255", "169.254.255.0", "169.254.1.256", "169.254.1", "169.254.01.1"].map(
      (ipv4_address) =>
        [
          `at ${ipv4_address}`,
          { network_interfaces: ["eth0"], ipv4_address },
          "MMMDS config error: The MMDS IPv4 address is not link local.",
        ] as [string, object, string],
    ),
  ])("%s is refused", (_, body, problem) => {
    const { status, body: text } = put(body);
    expect(status).toBe(400);
    expect(JSON.parse(text!).fault_message).toContain(problem);
  });

  test.each(["169.254.1.0", "169.254.254.255"])("may be at %s", (ipv4_address) => {
    expect(put({ network_interfaces: ["eth0"], version: "V2", ipv4_address })).toEqual({ status: 204 });
  });
});

test.skipIf(!canMakeTaps)("a configuration file may name the interfaces above it", () => {
  using tap = new HostTap();
  const file = {
    "mmds-config": { network_interfaces: ["eth0"], imds_compat: true },
    "network-interfaces": [{ ...card, host_dev_name: tap.name }],
    "boot-source": { kernel_image_path: import.meta.path },
    drives: [],
  };
  takeConfigFile(draft, JSON.stringify(file), log);
  expect(draft.mmds).toMatchObject({ version: "V1", imds_compat: true });
});

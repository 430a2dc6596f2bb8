/** The documents that are made of the schemas: they are what docs/ has, and they are true. */
import { describe, expect, test } from "bun:test";
import Ajv2020 from "ajv/dist/2020.js";
import { documents, openApi } from "../../../scripts/schemas/documents.ts";
import { OPERATIONS } from "../../../scripts/schemas/operations.ts";
import { runningRoutes } from "../../../src/api/routes/running.ts";
import { voltRoutes } from "../../../src/api/routes/volt.ts";
import { parseConfig, parseConfigText } from "../../../src/config/parse.ts";
import { newDraft } from "../../../src/firecracker/draft.ts";
import { FirecrackerLog } from "../../../src/firecracker/log.ts";
import { draftRoutes } from "../../../src/firecracker/routes.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";
import { FakeMachine } from "../../support/api/fake-machine.ts";
import { textOf } from "../../support/source-tree.ts";

const ajv = new Ajv2020({ strict: false });

test.each([...documents()])("docs/%s is what `npm run schemas` writes", (name, text) => {
  expect(textOf(`docs/${name}`)).toBe(text);
});

test("every request that there is, before the start and after it, is in the API's document, and no other", () => {
  const machine = new FakeMachine({});
  const identity = { instance: { id: "", vmm_version: "", app_name: "" }, version: {}, vmConfig: () => ({}) };
  const before = draftRoutes(newDraft(), new FirecrackerLog({ id: "test", level: "off" }, newCounts().log), () => {});
  const routes = { ...before, ...runningRoutes(machine, identity), ...voltRoutes(machine, "one") };
  const described = OPERATIONS.map(({ method, path }) => {
    const [, first = "", second] = path.split("/");
    return `${method.toUpperCase()} ${first === "volt" ? `${first}/${second}` : first}`;
  });
  expect([...new Set(described)].sort()).toEqual(Object.keys(routes).sort());
});

test("every schema in the API's document is one", () => {
  for (const operations of Object.values(openApi().paths)) {
    for (const { requestBody, responses } of Object.values(operations)) {
      const schemas = [requestBody, ...Object.values(responses)].flatMap((one) =>
        one && "content" in one ? Object.values(one.content).map(({ schema }) => schema) : [],
      );
      for (const schema of schemas) if (!("$ref" in (schema as object))) ajv.compile(schema as object);
    }
  }
});

describe("the configuration file's schema", () => {
  const validate = ajv.compile(JSON.parse(documents().get("config.schema.json")!));
  const drive = { drive_id: "a", path_on_host: "/a" };

  test.each<[string, object]>([
    ["an empty file", {}],
    ["a disk with a limit", { drives: [{ ...drive, rate_limiter: { ops: { size: 1, refill_time: 1 } } }] }],
    ["a template's path", { "cpu-config": "t.json" }],
    ["a template", { "cpu-config": { msr_modifiers: [{ addr: "0x10", bitmap: "0b1x" }] } }],
    ["a card", { "network-interfaces": [{ iface_id: "n", host_dev_name: "tap0", guest_mac: "06:00:AC:10:00:02" }] }],
    ["what volt prints itself", parseConfig({ drives: [drive], balloon: {}, entropy: {} }, "")],
  ])("takes what volt takes: %s", (_, config) => {
    expect(() => parseConfig(config, "")).not.toThrow();
    expect([validate(config), validate.errors]).toEqual([true, null]);
  });

  test("takes what Firecracker writes, as volt does", () => {
    const vm = {
      ...{ balloon: null, "cpu-config": null, logger: null, vsock: null, pmem: [], "memory-hotplug": null },
      "machine-config": { vcpu_count: 1, mem_size_mib: 64, smt: false, track_dirty_pages: false },
    };
    expect(() => parseConfigText(JSON.stringify(vm), "f")).not.toThrow();
    expect([validate(vm), validate.errors]).toEqual([true, null]);
    expect(validate({ "machine-config": { smt: true } })).toBe(false);
  });

  test.each<[string, object]>([
    ["an unknown section", { nope: {} }],
    ["an unknown field", { drives: [{ ...drive, nope: 1 }] }],
    ["a disk without a path", { drives: [{ drive_id: "a" }] }],
    ["too many processors", { "machine-config": { vcpu_count: 33 } }],
    ["no MAC", { "network-interfaces": [{ iface_id: "n", host_dev_name: "tap0", guest_mac: "07:00:00:00:00:00" }] }],
    ["a template with what is none of it", { "cpu-config": { nope: [] } }],
    ["a number in a text", { drives: [{ ...drive, is_read_only: "yes" }] }],
  ])("refuses what volt refuses: %s", (_, config) => {
    expect(() => parseConfig(config, "")).toThrow();
    expect(validate(config)).toBe(false);
  });
});

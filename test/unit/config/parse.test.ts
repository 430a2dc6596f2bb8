import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConfigError } from "../../../src/config/error.ts";
import { mergeConfig, parseConfig, parseConfigText } from "../../../src/config/parse.ts";

describe("a checked configuration", () => {
  test("checked again is the same", () => {
    const once = parseConfig({ "machine-config": { vcpu_count: 2 }, volt: { command: ["ls"] } }, "");
    expect(parseConfig(once, "")).toEqual(once);
  });

  test("shares nothing with other defaults: what one caller changes, no other sees", () => {
    const first = parseConfig({}, "");
    (first["boot-source"] as { boot_args?: string }).boot_args = "x";
    (first["machine-config"] as { vcpu_count: number }).vcpu_count = 9;
    expect(parseConfig({}, "")["machine-config"].vcpu_count).toBe(1);
    expect(parseConfig({}, "")["boot-source"]).toEqual({});
  });

  test("leaves Object.prototype alone, whatever the file says", () => {
    for (const text of ['{"__proto__": {"polluted": 1}}', '{"volt": {"__proto__": {"polluted": 1}}}']) {
      expect(() => parseConfigText(text, "f")).toThrow(ConfigError);
    }
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("any JSON is a configuration or a ConfigError of one printable line", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), nearlyConfigs()), (text) => {
        try {
          parseConfigText(text, "vm.json");
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as Error).message).toMatch(/^vm\.json: /);
        }
      }),
    );
  });
});

describe("errors", () => {
  test("name the field as the caller knows it", () => {
    const nameOf = (field: string) => (field === "machine-config.vcpu_count" ? "--cpus" : field);
    expect(() => parseConfig({ "machine-config": { vcpu_count: 99 } }, "", nameOf)).toThrow(
      new ConfigError("", "--cpus", "must be a whole number from 1 to 32, found 99"),
    );
    expect(() => parseConfig({ volt: { id: "" } }, "", nameOf)).toThrow(/^volt\.id: /);
  });

  test("repeat only the start of a long value", () => {
    const error = thrown(() => parseConfig({ volt: { id: "x".repeat(1e6) } }, "f"));
    expect(error.message.length).toBeLessThan(200);
  });

  test("tell of one mistake at a time: the first", () => {
    const input = { "machine-config": { vcpu_count: 0, mem_size_mib: 0 } };
    expect(thrown(() => parseConfig(input, "f")).message).toBe(
      "f: machine-config.vcpu_count: must be a whole number from 1 to 32, found 0",
    );
  });
});

describe("a file in Firecracker's words", () => {
  const parsed = (vm: object) => parseConfigText(JSON.stringify(vm), "f");
  const refusal = (vm: object) => thrown(() => parsed(vm)).message;

  test("may say null for what is not there", () => {
    const vm = {
      ...{ balloon: null, "cpu-config": null, logger: null, metrics: null, "mmds-config": null, vsock: null },
      ...{ entropy: null, pmem: [], "memory-hotplug": null },
      "boot-source": { kernel_image_path: "/k", initrd_path: null },
      drives: [{ drive_id: "a", path_on_host: "/a", partuuid: null, rate_limiter: null, socket: null }],
    };
    expect(parsed(vm)).toEqual({
      "boot-source": { kernel_image_path: "/k" },
      drives: [{ drive_id: "a", path_on_host: "/a" }],
    });
  });

  test("may switch off what volt does not have, and write levels as Firecracker does", () => {
    const machine = { vcpu_count: 1, mem_size_mib: 64, smt: false, track_dirty_pages: false };
    const logger = { level: "Warning", show_level: true, show_log_origin: false };
    expect(parsed({ "machine-config": machine, logger })).toEqual({
      "machine-config": { vcpu_count: 1, mem_size_mib: 64 },
      logger: { level: "warn" },
    });
    expect(parsed({ logger: { level: "INFO" } }).logger?.level).toBe("info");
  });

  test.each([
    [{ "machine-config": { smt: true } }, "machine-config.smt"],
    [{ "machine-config": { track_dirty_pages: true } }, "machine-config.track_dirty_pages"],
    [{ pmem: [{ id: "p" }] }, "pmem"],
    [{ "memory-hotplug": { total_size_mib: 64 } }, "memory-hotplug"],
    [{ drives: [{ drive_id: "a", path_on_host: "/a", socket: "/s" }] }, "drives.0.socket"],
  ])("is told what volt lacks: %j", (vm, field) => {
    expect(refusal(vm)).toBe(`f: ${field}: volt does not have this: leave it out`);
  });

  test("is refused where null is a mistake", () => {
    expect(refusal({ volt: null })).toBe("f: volt: must be an object, found null");
    expect(refusal({ drives: [null] })).toBe("f: drives.0: must be an object, found null");
    expect(refusal({ bogus: null })).toBe(
      "f: bogus: no such field: there are boot-source, machine-config, cpu-config, drives, network-interfaces, vsock, balloon, entropy, mmds-config, logger, metrics, volt",
    );
  });
});

describe("the metadata service", () => {
  const cards = [
    { iface_id: "a", host_dev_name: "tap0" },
    { iface_id: "b", host_dev_name: "tap1", vhost: true },
  ];
  const refusal = (mmds: object) =>
    thrown(() => parseConfig({ "network-interfaces": cards, "mmds-config": mmds }, "f")).message;

  test("is of the interfaces it names", () => {
    const vm = parseConfig({ "network-interfaces": cards, "mmds-config": { network_interfaces: ["a"] } }, "f");
    expect(vm["mmds-config"]).toEqual({
      version: "V1",
      network_interfaces: ["a"],
      ipv4_address: "169.254.169.254",
      imds_compat: false,
    });
    expect(parseConfig({}, "f")["mmds-config"]).toBeUndefined();
  });

  test.each([
    [{ network_interfaces: [] }, "mmds-config.network_interfaces: must name an interface"],
    [{ network_interfaces: ["c"] }, "mmds-config: names an interface that is not among network-interfaces"],
    [{ network_interfaces: ["b"] }, "mmds-config: names an interface with vhost"],
    [{ network_interfaces: ["a"], ipv4_address: "10.0.0.1" }, "mmds-config.ipv4_address: must be an IPv4 address from"],
  ])("as %p is none", (mmds, problem) => {
    expect(refusal(mmds)).toStartWith(`f: ${problem}`);
  });
});

describe("merging", () => {
  test("keeps what only one side says, and takes the upper side's word on what both do", () => {
    const under = { "machine-config": { vcpu_count: 2, mem_size_mib: 64 }, logger: { level: "info" as const } };
    const over = { "machine-config": { vcpu_count: 3 }, volt: { id: "x" } };
    expect(mergeConfig(under, over)).toEqual({
      "boot-source": {},
      "machine-config": { vcpu_count: 3, mem_size_mib: 64 },
      drives: [],
      "network-interfaces": [],
      logger: { level: "info" },
      volt: { id: "x", sandbox: {} },
    });
  });

  test("adds disks, and replaces one with the same id", () => {
    const disk = (drive_id: string, path_on_host: string) => ({ drive_id, path_on_host });
    const under = { drives: [disk("a", "/1"), disk("b", "/2")] };
    const { drives } = mergeConfig(under, { drives: [disk("c", "/3"), disk("a", "/4")] });
    expect(drives).toEqual([disk("b", "/2"), disk("c", "/3"), disk("a", "/4")]);
  });

  test.each(["vsock", "balloon", "entropy"] as const)("takes %s away when the upper side says null", (device) => {
    const sections = { vsock: { guest_cid: 3, uds_path: "/v" }, balloon: {}, entropy: {} };
    expect(mergeConfig({ [device]: sections[device] }, { [device]: null })).not.toHaveProperty(device);
  });

  test("with nothing on either side changes nothing", () => {
    const config = parseConfig({ volt: { append: "x" } }, "");
    expect(parseConfig(mergeConfig(config, {}), "")).toEqual(config);
    expect(parseConfig(mergeConfig({}, config), "")).toEqual(config);
  });
});

test("a network in the host's kernel can't be limited by volt", () => {
  const own = { iface_id: "a", host_dev_name: "tap0", vhost: true };
  const limited = { ...own, tx_rate_limiter: { ops: { size: 1, refill_time: 1 } } };
  expect(() => parseConfig({ "network-interfaces": [limited] }, "x")).toThrow(
    "x: network-interfaces.0.vhost: can't be had with a rate limiter",
  );
  expect(parseConfig({ "network-interfaces": [own] }, "x")["network-interfaces"]).toHaveLength(1);
});

function thrown(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error");
}

/** Texts with the right sections and fields, and anything in them. */
function nearlyConfigs(): fc.Arbitrary<string> {
  const section = (...fields: string[]) => fc.dictionary(fc.constantFrom(...fields), fc.jsonValue());
  return fc
    .record({
      "machine-config": section("vcpu_count", "mem_size_mib", "huge_pages"),
      "boot-source": section("kernel_image_path", "boot_args"),
      volt: section("command", "id", "console", "stop_timeout"),
    })
    .map((config) => JSON.stringify(config));
}

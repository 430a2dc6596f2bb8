import { describe, expect, test } from "bun:test";
import { allSystemCalls } from "../../../../ffi/system-calls.ts";
import { ownRules } from "../../../../src/api/own-face.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import { deviceKinds, deviceRules } from "../../../../src/devices/virtio/registry.ts";
import { SERVICE_RULES } from "../../../../src/machine/service-rules.ts";
import { assemble } from "../../../../src/security/seccomp/assemble.ts";
import { Filters } from "../../../../src/security/seccomp/filters.ts";
import { profiles } from "../../../../src/security/seccomp/profiles.ts";
import type { Rule } from "../../../../src/security/seccomp/rule.ts";
import { verdict } from "../../../support/bpf.ts";

const PID = 4242;
/** Where an audit makes its calls. */
const PLACE = 0x7f12_3456_7890;

async function rulesOf(given: object, hasApi: boolean): Promise<readonly Rule[]> {
  const config = parseConfig(given, "");
  const devices = deviceRules(await deviceKinds(config), config, hasApi);
  return hasApi ? [...devices, ...SERVICE_RULES, ...ownRules(true, true)] : devices;
}

const EVERYTHING = {
  drives: [
    { drive_id: "d", path_on_host: "d" },
    { drive_id: "r", path_on_host: "r", is_read_only: true, direct: true },
  ],
  "network-interfaces": [
    { iface_id: "n", host_dev_name: "tap0" },
    { iface_id: "k", host_dev_name: "tap1", vhost: true },
  ],
  vsock: { guest_cid: 3, uds_path: "v" },
};

/** Every value that some rule compares this call's argument with, and values that none does. */
function valuesOf(rules: readonly Rule[], call: string, argument: number): number[] {
  const conditions = rules.filter(({ calls }) => calls.includes(call)).flatMap(({ when }) => when);
  const compared = conditions.filter((one) => one.argument === argument).flatMap(({ oneOf }) => oneOf);
  return [...new Set([0, 1, PID, PID + 1, 0xffff_ffff, 0x1234, ...compared])];
}

describe.each([
  ["no devices", {}, false],
  ["a disk", { drives: EVERYTHING.drives.slice(0, 1) }, false],
  ["every device and an API", EVERYTHING, true],
])("the filters of a machine with %s", (_, given, hasApi) => {
  test.each(["common", "main", "vcpu"] as const)(
    "(%s) decide as its profile does, though most was built in",
    async (kind) => {
      const devices = await rulesOf(given, hasApi);
      const profile = profiles(PID, devices)[kind];
      const [expected, filter] = [assemble(profile), new Filters(PID, devices).program(kind)];
      for (const [name, number] of allSystemCalls()) {
        for (const first of valuesOf(profile.rules, name, 0)) {
          for (const second of valuesOf(profile.rules, name, 1)) {
            for (const third of valuesOf(profile.rules, name, 2)) {
              const call = { number, args: [first, second, third, 0x1000] };
              if (verdict(filter, call) !== verdict(expected, call)) {
                expect([name, call.args, verdict(filter, call)]).toEqual([name, call.args, verdict(expected, call)]);
              }
            }
          }
        }
      }
      expect(filter.length).toBe(expected.length);
    },
  );
});

test("an audit's filters let through what comes from its handler", () => {
  const program = new Filters(PID, [], PLACE).program("common");
  expect(program).toHaveLength(assemble(profiles(PID, []).common, PLACE).length);
});

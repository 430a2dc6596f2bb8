/** What a client may change of devices while the machine runs. */
import { expect, test } from "bun:test";
import type { HttpResponse } from "../../../../src/api/http/response.ts";
import { answer, fault, json, NO_CONTENT } from "../../../../src/api/router.ts";
import { runningRoutes } from "../../../../src/api/routes/running.ts";
import { voltRoutes } from "../../../../src/api/routes/volt.ts";
import type { Method } from "../../../../src/http/request-line.ts";
import { CLOSED, FakeMachine } from "../../../support/api/fake-machine.ts";

const machine = () =>
  new FakeMachine({
    drives: [{ drive_id: "a", path_on_host: "/first", rate_limiter: {} }],
    "network-interfaces": [{ iface_id: "n", host_dev_name: "tap0", rx_rate_limiter: {}, tx_rate_limiter: {} }],
    balloon: { stats_polling_interval_s: 1, free_page_hinting: true },
    entropy: { rate_limiter: {} },
  });

function ask(of: FakeMachine, method: Method, path: string, body?: object) {
  const identity = {
    instance: { id: "", vmm_version: "", app_name: "" },
    version: {},
    vmConfig: () => of.config as unknown as Readonly<Record<string, unknown>>,
  };
  const routes = { ...runningRoutes(of, identity), ...voltRoutes(of, "one") };
  return answer({ method, path, body: body && JSON.stringify(body) }, routes, of.counts);
}

const limit = { ops: { size: 5, one_time_burst: 0, refill_time: 100 } };

test("a disk whose requests are under way answers when it has its new file, then has its new limits, and shows both", () => {
  const vm = machine();
  vm.isSlow = true;
  const body = { drive_id: "a", path_on_host: "/next", rate_limiter: limit };
  const later = ask(vm, "PATCH", "/drives/a", body);
  const heard: HttpResponse[] = [];
  if (typeof later !== "function") throw new Error("it answered at once");
  later((response) => heard.push(response));
  expect(heard).toEqual([]);
  expect(vm.config.drives[0]).toMatchObject({ path_on_host: "/first", rate_limiter: {} });
  vm.underWay[0]!();
  expect(heard).toEqual([NO_CONTENT]);
  expect(vm.config.drives[0]).toMatchObject({ path_on_host: "/next", rate_limiter: limit });
});

test("a file that can't be opened changes nothing, not even the limits", () => {
  const vm = machine();
  const body = { drive_id: "a", path_on_host: `${CLOSED}/x`, rate_limiter: limit };
  expect(ask(vm, "PATCH", "/drives/a", body)).toEqual(
    fault(
      `Unable to patch the block device: the sandbox keeps ${CLOSED}/x from volt. Please verify the request arguments.`,
    ),
  );
  expect(vm.config.drives[0]).toMatchObject({ path_on_host: "/first", rate_limiter: {} });
});

test("limits of a card are one way's, of the entropy device its own: each stays until it is changed", () => {
  const vm = machine();
  expect(ask(vm, "PATCH", "/network-interfaces/n", { iface_id: "n", tx_rate_limiter: limit })).toEqual(NO_CONTENT);
  expect(ask(vm, "PATCH", "/network-interfaces/n", { iface_id: "n", rx_rate_limiter: {} })).toEqual(NO_CONTENT);
  expect(ask(vm, "PATCH", "/volt/entropy", { rate_limiter: limit })).toEqual(NO_CONTENT);
  expect(vm.config["network-interfaces"][0]).toMatchObject({ rx_rate_limiter: {}, tx_rate_limiter: limit });
  expect(vm.config.entropy).toEqual({ rate_limiter: limit });
  expect(ask(vm, "PATCH", "/volt/entropy", { rate_limiter: { ops: { size: 0, refill_time: 0 } } })).toEqual(NO_CONTENT);
  expect(vm.config.entropy).toEqual({ rate_limiter: {} });
  expect(ask(new FakeMachine({}), "PATCH", "/volt/entropy", { rate_limiter: {} })).toEqual(
    fault("there is no entropy"),
  );
});

test("the balloon's interval changes, and can't come or go", () => {
  const vm = machine();
  expect(ask(vm, "PATCH", "/balloon/statistics", { stats_polling_interval_s: 9 })).toEqual(NO_CONTENT);
  expect(vm.config.balloon).toMatchObject({ stats_polling_interval_s: 9 });
  expect(ask(vm, "PATCH", "/balloon/statistics", { stats_polling_interval_s: 0 })).toEqual(
    fault("Balloon update error: Statistics cannot be enabled/disabled after activation."),
  );
});

test("hinting begins and ends, and says where it is; without the feature there is none", () => {
  const vm = machine();
  expect(ask(vm, "GET", "/balloon/hinting/status")).toEqual(json({ host_cmd: 1 }));
  expect(ask(vm, "PATCH", "/balloon/hinting/start", { acknowledge_on_stop: false })).toEqual(NO_CONTENT);
  expect(ask(vm, "GET", "/balloon/hinting/status")).toEqual(json({ host_cmd: 2 }));
  expect(ask(vm, "PATCH", "/balloon/hinting/stop")).toEqual(NO_CONTENT);
  expect(ask(vm, "GET", "/balloon/hinting/status")).toEqual(json({ host_cmd: 1 }));
  const without = new FakeMachine({ balloon: {} });
  for (const [method, what] of [
    ["PATCH", "start"],
    ["PATCH", "stop"],
    ["GET", "status"],
  ] as const) {
    expect(JSON.stringify(ask(without, method, `/balloon/hinting/${what}`))).toContain(
      "Attempting to use hinting when not enabled",
    );
  }
});

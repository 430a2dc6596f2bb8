import { expect, test } from "bun:test";
import { checkIds, requestsOf } from "../../../../src/cli/vm/set.ts";

test("what is to change becomes requests of the API, limits by the second", () => {
  expect(
    requestsOf("64M", ["data,bandwidth=10M,ops=500", "root,path=/new"], ["net0,rx-bandwidth=off,tx-ops=1K"]),
  ).toEqual([
    { path: "/balloon", body: { amount_mib: 64 } },
    {
      path: "/drives/data",
      body: {
        drive_id: "data",
        rate_limiter: { bandwidth: { size: 10 * 2 ** 20, refill_time: 1000 }, ops: { size: 500, refill_time: 1000 } },
      },
    },
    { path: "/drives/root", body: { drive_id: "root", path_on_host: "/new" } },
    {
      path: "/network-interfaces/net0",
      body: {
        iface_id: "net0",
        rx_rate_limiter: { bandwidth: { size: 0, refill_time: 0 } },
        tx_rate_limiter: { ops: { size: 1024, refill_time: 1000 } },
      },
    },
  ]);
});

test.each([
  [undefined, ["data"], [], "--disk: what of data is to change? bandwidth, ops, path"],
  [undefined, ["data,bandwidth=fast"], [], '--disk: "fast" is no limit: write 500, 10M, or off'],
  [undefined, ["data,bandwidth=0"], [], '--disk: "0" is no limit: write 500, 10M, or off'],
  [undefined, ["data,size=1"], [], '--disk: "size" is no option of it: there are bandwidth, ops, path'],
  [undefined, [], ["net0,bandwidth=1"], '--net: "bandwidth" is no option of it'],
  ["lots", [], [], '--balloon: "lots" is no size'],
])("%p %p %p is refused before anything is sent", (balloon, disks, cards, problem) => {
  expect(() => requestsOf(balloon, disks, cards)).toThrow(problem);
});

test("what a VM does not have is noticed before anything is sent", () => {
  const vm = { drives: [{ drive_id: "disk0" }, { drive_id: "data" }], "network-interfaces": [] };
  const check = (disks: string[], cards: string[]) => checkIds(requestsOf("20M", disks, cards), vm, "web");
  expect(() => check(["data,ops=5"], [])).not.toThrow();
  expect(() => check(["data,ops=5", "nosuch,ops=5"], [])).toThrow(
    "--disk: web has no disk nosuch: there is disk0, data",
  );
  expect(() => check([], ["net0,rx-ops=5"])).toThrow("--net: web has no network card net0: there is none");
});

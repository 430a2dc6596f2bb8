/** What a user is told when a TAP can't be had. */
import { describe, expect, test } from "bun:test";
import { Fd } from "../../../../../ffi/fd.ts";
import { openTaps } from "../../../../../src/devices/virtio/net/open.ts";
import { canMakeTaps, HostTap } from "../../../../support/host-tap.ts";

function close(numbers: readonly number[]): void {
  for (const number of numbers) new Fd(number, "a TAP").close();
}

test("a TAP that is not there is not made, and the command that makes it is said", () => {
  expect(() => openTaps("nosuchtap", 1)).toThrow(
    "--net: tap=nosuchtap: there is no such interface: make it (ip tuntap add nosuchtap mode tap; ip link set nosuchtap up)",
  );
  expect(() => openTaps("nosuchtap", 2)).toThrow("ip tuntap add nosuchtap mode tap multi_queue; ip link");
  expect(() => openTaps("nosuchtap", 1)).toThrow("there is no such interface");
});

describe.skipIf(!canMakeTaps)("a TAP that is there", () => {
  test("is opened once a pair", () => {
    using host = new HostTap("multi_queue");
    const taps = openTaps(host.name, 3);
    expect(new Set(taps).size).toBe(3);
    close(taps);
  });

  test("with several queues serves for one pair", () => {
    using host = new HostTap("multi_queue");
    close(openTaps(host.name, 1));
  });

  test("in use is not to be had twice", () => {
    using host = new HostTap();
    const taps = openTaps(host.name, 1);
    expect(() => openTaps(host.name, 1)).toThrow(`tap=${host.name}: it is in use by another program`);
    close(taps);
    close(openTaps(host.name, 1));
  });

  test("for one queue does not serve for two", () => {
    using host = new HostTap();
    expect(() => openTaps(host.name, 2)).toThrow(
      `it was made for one queue: make it anew (ip link del ${host.name}; ip tuntap add ${host.name} mode tap multi_queue`,
    );
  });

  test("but is a TUN, or anything else, is said to be no TAP", () => {
    using host = new HostTap("mode", "tun");
    expect(() => openTaps(host.name, 1)).toThrow(`tap=${host.name}: it is no TAP device`);
    expect(() => openTaps("lo", 1)).toThrow("tap=lo: it is no TAP device");
    expect(() => openTaps("lo", 2)).toThrow("tap=lo: it is no TAP device");
  });
});

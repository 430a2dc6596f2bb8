/** Networks of real Linux guests, through volt and through the host's kernel. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { transferBothWays } from "./net-transfer.ts";
import { guestProgram } from "./program.ts";
import { GuestTap } from "./tap.ts";
import { guest, LIMIT, startVolt } from "./volt.ts";

// One after the other: a connection's other end must not wait for a guest that waits for its turn.
setDefaultTimeout(LIMIT);
const MIB = 2 ** 20;
/** What a nested machine gets through in some seconds where others work too; test/long/ has 256 MiB. */
const SIZE = 4 * MIB;
const pairs = guestProgram(join(import.meta.dirname, "net/pairs.c"));

async function* lineAfter(event: Promise<void>): AsyncGenerator<Uint8Array> {
  await event;
  yield Buffer.from("go on\n");
}

describe.each([
  ["through volt", ""],
  ["through the host's kernel", ",vhost"],
])("a network %s", (_, vhost) => {
  test("has the MAC it was given and a link, and answers", async () => {
    await using tap = await GuestTap.create();
    const facts = "cat /sys/class/net/eth0/address /sys/class/net/eth0/carrier";
    const net = `tap=${tap.name},mac=06:00:ac:10:00:02${vhost}`;
    const { status, stdout, log } = await guest(`${tap.setUp}; ${facts}; ${tap.pings(5)}`, ["--net", net]);

    expect({ status, stdout, log }).toEqual({
      status: 0,
      stdout: "06:00:ac:10:00:02\n1\n5 answers\n",
      log: "",
    });
  });

  test("carries a TCP stream each way, to the last byte", async () => {
    await using tap = await GuestTap.create();
    const { sent, received } = await transferBothWays(tap, `tap=${tap.name}${vhost}`, SIZE);

    expect(received).toEqual(sent);
  });

  test("uses two queue pairs where there are two processors", async () => {
    await using tap = await GuestTap.create({ multiQueue: true });
    const queues = "ls /sys/class/net/eth0/queues | tr '\\n' ' '";
    const streams = `for i in 1 2 3 4; do ${tap.pings(5)} & done; wait`;
    const { stdout, log } = await guest(`${tap.setUp}; ${queues}; ${streams}`, [
      ...["--cpus", "2", "--net", `tap=${tap.name},queues=2${vhost}`],
    ]);

    expect({ stdout, log }).toEqual({ stdout: `rx-0 rx-1 tx-0 tx-1 ${"5 answers\n".repeat(4)}`, log: "" });
  });

  test("uses one queue pair, and two again, as often as its guest likes", async () => {
    await using tap = await GuestTap.create({ multiQueue: true });
    // More often than its buffers would last if each time cost some.
    const times = 8;
    const streams = `for i in 1 2 3 4; do ${tap.pings(2)} & done; wait`;
    const toggle = `/tmp/pairs 1 && ${tap.pings(1)} && /tmp/pairs 2 && ${streams}`;
    const script = `${pairs.install}; ${tap.setUp}; for time in $(seq ${times}); do ${toggle}; done`;
    const { stdout, log } = await guest(script, ["--cpus", "2", "--net", `tap=${tap.name},queues=2${vhost}`], {
      stdin: pairs.bytes,
    });

    expect({ stdout, log }).toEqual({ stdout: `1 answers\n${"2 answers\n".repeat(4)}`.repeat(times), log: "" });
  });

  test.each([9000, 1280])("has an MTU of %d where it was given one, and fills it", async (mtu) => {
    await using tap = await GuestTap.create({ mtu });
    // IP's and ICMP's headers are 28 bytes.
    const script = `${tap.setUp}; cat /sys/class/net/eth0/mtu; ${tap.pings(3, mtu - 28)}`;
    const { stdout, log } = await guest(script, ["--net", `tap=${tap.name},mtu=${mtu}${vhost}`]);

    expect({ stdout, log }).toEqual({ stdout: `${mtu}\n3 answers\n`, log: "" });
  });

  test("outlives its TAP", async () => {
    await using tap = await GuestTap.create();
    const after = `ping -q -c 2 -W 1 ${tap.host} | grep -o ' 0 packets received'`;
    const script = `${tap.setUp}; echo up; read line; sleep 1; ${after}; echo carrier $(cat /sys/class/net/eth0/carrier)`;
    const gone = Promise.withResolvers<void>();
    const flags = ["--net", `tap=${tap.name}${vhost}`];
    await using vm = await startVolt([...flags, "--", "sh", "-c", script], { stdin: lineAfter(gone.promise) });
    await vm.printed("up\n");
    await tap.run(`ip link del ${tap.name}`);
    gone.resolve();
    const { status, stdout, log } = await vm.end();

    expect({ status, stdout, log }).toEqual({
      status: 0,
      stdout: "up\n 0 packets received\ncarrier 0\n",
      log: `volt: warn: net0: the TAP ${tap.name} was deleted: the guest has no link\n`,
    });
  });
});

test("a driver can be taken off and put back while packets come", async () => {
  await using tap = await GuestTap.create();
  const driver = "/sys/bus/virtio/drivers/virtio_net";
  const again = `echo virtio0 >${driver}/unbind; echo virtio0 >${driver}/bind; ${tap.setUp} && echo back`;
  const flood = tap.start(`busybox ping -q -i 0.01 -w 60 ${tap.guest}`);
  const script = `${tap.setUp}; for i in 1 2 3 4 5; do ${again}; done; dmesg | grep -c 'WARNING.*virtio'`;
  const { stdout, log } = await guest(script, ["--cpus", "2", "--net", `tap=${tap.name}`]);
  flood.kill();
  await flood.finished;

  expect({ stdout, log }).toEqual({ stdout: `${"back\n".repeat(5)}0\n`, log: "" });
});

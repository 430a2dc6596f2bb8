/** 256 MiB over TCP each way: some minutes in a nested machine. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { type Transfer, transferBothWays } from "../e2e/guests/net-transfer.ts";
import { GuestTap } from "../e2e/guests/tap.ts";
import { guestHost } from "../testbed/host.ts";

const MIB = 2 ** 20;
const SIZE = 256 * MIB;
setDefaultTimeout(40 * 60_000);

/**
 * In one stream where KVM is real. An emulated one gives a guest an interrupt twice now and then, which kills it, or
 * silences it for ever (test/e2e/guests/turns.ts), and does so the sooner the more there are: there it is as many bytes in
 * pieces, and a piece whose guest came to that goes again.
 */
const { pieces, tries, limitMs } =
  guestHost() === "native"
    ? { pieces: 1, tries: 1, limitMs: 10 * 60_000 }
    : { pieces: 16, tries: 6, limitMs: 2 * 60_000 };

test.each([
  ["through volt", ""],
  ["through the host's kernel", ",vhost"],
])("256 MiB go each way %s, to the last byte", async (_, vhost) => {
  for (let piece = 0; piece < pieces; piece++) {
    const { sent, received } = await transferPiece(vhost);
    expect(received).toEqual(sent);
  }
});

async function transferPiece(vhost: string): Promise<Transfer> {
  for (let left = tries - 1; ; left--) {
    try {
      return await transferOnce(vhost);
    } catch (error) {
      // The nested machine itself may be gone, and the TAP with it.
      if (left === 0) throw error;
      console.error(`in the nested machine: ${String(error).split("\n", 1)[0]}: the piece goes again`);
    }
  }
}

async function transferOnce(vhost: string): Promise<Transfer> {
  await using tap = await GuestTap.create();
  return await transferBothWays(tap, `tap=${tap.name}${vhost}`, SIZE / pieces, limitMs);
}

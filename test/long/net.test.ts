/** 256 MiB over TCP each way: some minutes in a nested machine. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { type Transfer, transferBothWays } from "../e2e/guests/net-transfer.ts";
import { GuestTap } from "../e2e/guests/tap.ts";
import { guestHost } from "../testbed/host.ts";

const MIB = 2 ** 20;
const SIZE = 256 * MIB;
const LIMIT_MS = 10 * 60_000;
setDefaultTimeout(3 * LIMIT_MS);

/**
 * In one stream where KVM is real. An emulated one gives a guest an interrupt twice now and then, which kills it
 * (test/e2e/guests/turns.ts), and does so the sooner the more there are: there it is as many bytes in pieces, and a piece
 * whose guest crashed goes again.
 */
const [PIECES, TRIES] = guestHost() === "native" ? [1, 1] : [16, 6];
const CRASHED = "volt ended with 124";

test.each([
  ["through volt", ""],
  ["through the host's kernel", ",vhost"],
])("256 MiB go each way %s, to the last byte", async (_, vhost) => {
  for (let piece = 0; piece < PIECES; piece++) {
    const { sent, received } = await transferPiece(vhost);
    expect(received).toEqual(sent);
  }
});

async function transferPiece(vhost: string): Promise<Transfer> {
  for (let left = TRIES - 1; ; left--) {
    await using tap = await GuestTap.create();
    try {
      return await transferBothWays(tap, `tap=${tap.name}${vhost}`, SIZE / PIECES, LIMIT_MS);
    } catch (error) {
      if (left === 0 || !(error as Error).message.startsWith(CRASHED)) throw error;
      console.error("a guest crashed in the nested machine: its piece goes again");
    }
  }
}

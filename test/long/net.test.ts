/** 256 MiB over TCP each way: a minute or two in a nested machine. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { transferBothWays } from "../e2e/guests/net-transfer.ts";
import { GuestTap } from "../e2e/guests/tap.ts";

const MIB = 2 ** 20;
const SIZE = 256 * MIB;
const LIMIT_MS = 10 * 60_000;
setDefaultTimeout(2 * LIMIT_MS);

test.each([
  ["through volt", ""],
  ["through the host's kernel", ",vhost"],
])("256 MiB go each way %s, to the last byte", async (_, vhost) => {
  await using tap = await GuestTap.create();
  const { sent, received } = await transferBothWays(tap, `tap=${tap.name}${vhost}`, SIZE, LIMIT_MS);

  expect(received).toEqual(sent);
});

/** Fifty microVMs side by side, also where processors are emulated. They need no more than a /dev/kvm. */
import { test } from "bun:test";
import { existsSync } from "node:fs";
import { liveAndDie } from "../e2e/firecracker/fleet.ts";
import { atMost } from "../support/emulated.ts";

test.skipIf(!existsSync("/dev/kvm"))(
  "fifty microVMs side by side leave nothing",
  () => liveAndDie(50),
  atMost(180_000),
);

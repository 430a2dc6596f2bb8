import { test } from "bun:test";
import { atMost, EMULATED } from "../../support/emulated.ts";
import { liveAndDie } from "./fleet.ts";

const COUNT = EMULATED ? 8 : 50;

test(
  `${COUNT} microVMs side by side are started, paused, changed and ended by their APIs, and leave nothing`,
  () => liveAndDie(COUNT),
  atMost(60_000),
);

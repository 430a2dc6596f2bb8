/** Loaded before every test file (bunfig.toml), so that its `afterAll` comes after the last test of the whole run. */
import { afterAll } from "bun:test";
import { stopSharedHost } from "./testbed/shared.ts";

afterAll(stopSharedHost, 30_000);

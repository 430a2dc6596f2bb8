import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeSocket } from "../../../../ffi/socket.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import { deviceKinds, openDevices, withdrawDevices } from "../../../../src/devices/virtio/registry.ts";

test("what devices left where others see it goes when a start fails after all", async () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-registry-"));
  const uds_path = join(folder, "v.sock");
  const config = parseConfig({ vsock: { guest_cid: 3, uds_path }, entropy: {}, balloon: {} }, "");
  const kinds = await deviceKinds(config);
  const opened = openDevices(kinds, config);
  expect(existsSync(uds_path)).toBe(true);

  withdrawDevices(kinds, opened);

  expect(existsSync(uds_path)).toBe(false);
  const { host } = opened["vsock"] as { host: { listener: number; folder: number } };
  for (const fd of [host.listener, host.folder]) closeSocket(fd);
  rmSync(folder, { recursive: true });
});

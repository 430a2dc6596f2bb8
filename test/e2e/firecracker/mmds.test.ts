/** The metadata service of volt in Firecracker's place: before the start, and on the machine that runs. By curl. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { canMakeTaps, HostTap } from "../../support/host-tap.ts";
import { sceneOfEachTest } from "../../support/scene.ts";
import { ask, curl } from "../api/client.ts";
import { END, tinyKernel } from "../cli/tiny-kernel.ts";
import { volt } from "../cli/volt.ts";

const scene = sceneOfEachTest();
const file = (name: string) => scene.folder.file(name);

const NO_STORE = { status: 400, body: { fault_message: "MMDS error: The MMDS data store is not initialized." } };
const TOO_MUCH = {
  status: 413,
  body: { fault_message: "MMDS limit exceeded error: The MMDS patch request doesn't fit." },
};

async function start(...args: readonly string[]): Promise<string> {
  tinyKernel(scene.folder, END.spin);
  const socket = await scene.startFirecracker(args);
  await ask(socket, "PUT", "/machine-config", { vcpu_count: 1, mem_size_mib: 32 });
  const boot = { kernel_image_path: file("kernel"), initrd_path: file("initrd") };
  expect((await ask(socket, "PUT", "/boot-source", boot)).status).toBe(204);
  return socket;
}

async function goOn(socket: string): Promise<void> {
  expect(await ask(socket, "PUT", "/actions", { action_type: "InstanceStart" })).toMatchObject({ status: 204 });
}

function metadataFile(text: string): string {
  writeFileSync(file("metadata"), text);
  return file("metadata");
}

// A TAP needs root, and /dev/net/tun.
test.if(canMakeTaps)("metadata of a file is the machine's, and is changed while it runs", async () => {
  using tap = new HostTap();
  const limits = ["--metadata", metadataFile('{"id": 12345678901234567890}'), "--mmds-size-limit", "40"];
  const socket = await start(...limits);
  const data = () => curl(socket, "http://localhost/mmds");
  expect(await data()).toBe('{"id":12345678901234567890}');
  const card = { iface_id: "eth0", host_dev_name: tap.name };
  expect((await ask(socket, "PUT", "/network-interfaces/eth0", card)).status).toBe(204);
  const config = '{"network_interfaces":["eth0"]}';
  expect(await curl(socket, "-i", "-X", "PUT", "-d", config, "http://localhost/mmds/config")).toBe(
    "HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\nDeprecation: true\r\n\r\n",
  );
  expect((await ask(socket, "PATCH", "/mmds", { a: "b" })).status).toBe(204);
  await goOn(socket);

  expect(await data()).toBe('{"a":"b","id":12345678901234567890}');
  expect((await ask(socket, "PATCH", "/mmds", { a: null, id: "x" })).status).toBe(204);
  expect(await data()).toBe('{"id":"x"}');
  expect(await ask(socket, "PUT", "/mmds", { much: "x".repeat(40) })).toEqual(TOO_MUCH);
  expect(await data()).toBe('{"id":"x"}');
  expect(await ask(socket, "PUT", "/mmds/config", { network_interfaces: ["eth0"] })).toMatchObject({
    status: 400,
    body: { fault_message: "The requested operation is not supported after starting the microVM." },
  });
  expect((await ask(socket, "GET", "/vm/config")).body).toMatchObject({
    "mmds-config": {
      version: "V1",
      network_interfaces: ["eth0"],
      ipv4_address: "169.254.169.254",
      imds_compat: false,
    },
  });
});

test("metadata without an interface that tells it is gone with the start", async () => {
  const socket = await start();
  expect(await ask(socket, "PATCH", "/mmds", {})).toEqual(NO_STORE);
  expect((await ask(socket, "PUT", "/mmds", { a: 1 })).status).toBe(204);
  expect(await ask(socket, "GET", "/mmds")).toEqual({ status: 200, body: { a: 1 } });
  await goOn(socket);
  for (const [method, body] of [["GET"], ["PUT", {}], ["PATCH", {}]] as const) {
    expect(await ask(socket, method, "/mmds", body)).toEqual(NO_STORE);
  }
});

test.each<[string, string, string[], string, number]>([
  ["is no JSON", "{", [], "An error occurred when deserializing the json body of a request:", 134],
  ["is too much", '{"a":"b"}', ["--mmds-size-limit", "5"], "MMDS limit exceeded error:", 1],
])("a metadata file that %s ends the start", async (_, text, more, problem, expected) => {
  const { status, stdout } = await volt(["--api-sock", file("api"), "--metadata", metadataFile(text), ...more], {
    program: scene.firecracker,
  });
  expect(status).toBe(expected);
  expect(stdout.toString()).toContain(problem);
});

test.each(["x", "2097153"])("a limit of %s bytes is none", async (limit) => {
  const { status, stdout } = await volt(["--api-sock", file("api"), "--mmds-size-limit", limit], {
    program: scene.firecracker,
  });
  expect(status).toBe(1);
  expect(stdout.toString()).toContain(`--mmds-size-limit: "${limit}" is no number of bytes, or more than 2097152`);
});

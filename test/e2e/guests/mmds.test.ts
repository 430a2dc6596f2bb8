/** A Linux guest that reads its metadata, as its own programs do. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atSteps } from "./steps.ts";
import { GuestTap } from "./tap.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const folder = mkdtempSync(join(tmpdir(), "volt-mmds-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Longer than many segments. */
const LONG = Array.from({ length: 8000 }, (_, i) => i).join(" ");
const METADATA = { latest: { "meta-data": { "ami-id": "ami-1", network: { mac: "06:00" } }, long: LONG } };
const AT = "http://169.254.169.254";
const ROUTE = "ip route add 169.254.169.254 dev eth0";
/** BusyBox's wget only gets and posts. */
const TOKEN = `printf 'PUT /latest/api/token HTTP/1.1\\r\\nX-metadata-token-ttl-seconds: 60\\r\\n\\r\\n' | nc 169.254.169.254 80 | tail -n 1`;

/** What `volt run` needs for a guest with metadata. */
function flags(tap: GuestTap, version: string, more: readonly string[] = []): string[] {
  const config = {
    "network-interfaces": [{ iface_id: "net0", host_dev_name: tap.name, queue_pairs: 1 }],
    "mmds-config": { version, network_interfaces: ["net0"] },
    entropy: {},
  };
  const [configFile, metadataFile] = [join(folder, `${tap.name}.json`), join(folder, `${tap.name}.data`)];
  writeFileSync(configFile, JSON.stringify(config));
  writeFileSync(metadataFile, JSON.stringify(METADATA));
  return ["--config", configFile, "--metadata", metadataFile, ...more];
}

describe("a guest with metadata", () => {
  test("reads it as it is at that moment: as text, as JSON, long or short", async () => {
    await using tap = await GuestTap.create();
    const socket = join(folder, `${tap.name}.sock`);
    const script = [
      `${tap.setUp} && ${ROUTE}`,
      ...["", "/latest/meta-data", "/latest/meta-data/ami-id"].map((path) => `wget -q -O - ${AT}${path}; echo`),
      `wget -q -O - --header 'Accept: application/json' ${AT}/latest/meta-data; echo`,
      `wget -q -O - ${AT}/latest/long | md5sum`,
      `wget -O - ${AT}/nothing 2>&1 | grep -o 'HTTP/1.1 404'`,
      // Its own talk with the host goes on.
      tap.pings(2),
      "step update",
      `wget -q -O - ${AT}/latest/meta-data/ami-id; echo`,
    ].join("; ");
    const { seen, stdout, status } = await atSteps(script, flags(tap, "V1", ["--api", socket]), async (vm) => {
      const ask = (...args: readonly string[]) =>
        vm.onHost(`curl -s -S --max-time 20 --unix-socket ${socket} ${args.join(" ")} http://localhost/mmds`);
      await ask("-X PATCH", `-d '{"latest":{"long":null,"meta-data":{"ami-id":"ami-2"}}}'`);
      return await ask();
    });

    expect({ seen, stdout, status }).toEqual({
      seen: { update: '{"latest":{"meta-data":{"ami-id":"ami-2","network":{"mac":"06:00"}}}}' },
      stdout: [
        ...["latest/", "ami-id", "network/", "ami-1", '{"ami-id":"ami-1","network":{"mac":"06:00"}}'],
        ...[
          `${new Bun.CryptoHasher("md5").update(LONG).digest("hex")}  -`,
          "HTTP/1.1 404",
          "2 answers",
          "at update",
          "ami-2",
          "",
        ],
      ].join("\n"),
      status: 0,
    });
  });

  test("of V2 reads it with a token, and not without", async () => {
    await using tap = await GuestTap.create();
    const read = `wget -O - --header "X-metadata-token: $t" ${AT}/latest/meta-data/ami-id 2>&1 | grep -o 'ami-1\\|HTTP/1.1 401'`;
    const script = `${tap.setUp} && ${ROUTE}; t=none; ${read}; t=$(${TOKEN}); ${read}`;
    const { stdout, status, log } = await guest(script, flags(tap, "V2"));

    expect({ stdout, status, log }).toEqual({ stdout: "HTTP/1.1 401\nami-1\n", status: 0, log: "" });
  });
});

/**
 * Lists the rules of the seccomp filters that no recorded run came to, for a VM with every device and a control API.
 *
 *     strace -f -e raw=all -o LOG dist/volt run ...
 *     bun scripts/unused-rules.ts LOG...
 *
 * strace stops every call, and a console has two for each byte. perf does not: started by the shell that becomes volt,
 *
 *     sh -c 'perf record -e raw_syscalls:sys_enter -p $$ -o DATA & sleep 2; exec dist/volt run ...'
 *     perf script -F tid,event,trace -i DATA >LOG
 *
 * and with a script that does this as VOLT_BINARY, the tests of Linux guests record themselves.
 */
import { readFileSync } from "node:fs";
import { ownRules } from "../src/api/own-face.ts";
import { parseConfig } from "../src/config/parse.ts";
import { deviceKinds, deviceRules } from "../src/devices/virtio/registry.ts";
import { SERVICE_RULES } from "../src/machine/service-rules.ts";
import { profiles } from "../src/security/seccomp/profiles.ts";
import { readRecord, unusedRules } from "../test/support/seccomp-record.ts";

const EVERYTHING = parseConfig(
  {
    drives: [
      { drive_id: "d", path_on_host: "d" },
      { drive_id: "r", path_on_host: "r", is_read_only: true },
      { drive_id: "o", path_on_host: "o", direct: true },
    ],
    "network-interfaces": [
      { iface_id: "n", host_dev_name: "tap0" },
      { iface_id: "k", host_dev_name: "tap1", vhost: true },
    ],
    vsock: { guest_cid: 3, uds_path: "v" },
    balloon: { amount_mib: 0 },
    entropy: {},
    volt: { console: "virtio" },
  },
  "",
);

const logs = process.argv.slice(2);
if (logs.length === 0) {
  console.error("unused-rules: give logs of strace or perf: see the head of this script");
  process.exit(125);
}
const kinds = await deviceKinds(EVERYTHING);
const devices = [...deviceRules(kinds, EVERYTHING, true), ...SERVICE_RULES, ...ownRules(true, true)];
const records = logs.map((path) => readRecord(readFileSync(path, "utf8")));
for (const { thread, calls, isWhole, why } of unusedRules(records, (pid) => profiles(pid, devices))) {
  console.log(`${thread}: ${isWhole ? "never" : "not all of it"}: ${calls.join(" ")} (${why})`);
}

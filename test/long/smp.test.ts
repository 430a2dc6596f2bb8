/** As many vCPUs as volt has: on two CPUs of a nested machine they take minutes to come up. */
import { expect, test } from "bun:test";
import { guest } from "../e2e/guests/volt.ts";

const LIMIT_MS = 900_000;

test(
  "a guest brings 32 vCPUs up, and finds them in one package",
  async () => {
    const topology = "/sys/devices/system/cpu/cpu31/topology";
    const script = `nproc; cat /sys/devices/system/cpu/online ${topology}/package_cpus_list ${topology}/core_id`;
    const { status, stdout } = await guest(script, ["--cpus", "32", "--memory", "256M"], { limitMs: LIMIT_MS });

    expect({ status, stdout }).toEqual({ status: 0, stdout: "32\n0-31\n0-31\n31\n" });
  },
  2 * LIMIT_MS,
);

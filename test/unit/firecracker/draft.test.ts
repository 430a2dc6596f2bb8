import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTap } from "../../../ffi/tap.ts";
import type { HttpResponse } from "../../../src/api/http/response.ts";
import { answer, fault, json, NO_CONTENT } from "../../../src/api/router.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { takeConfigFile } from "../../../src/firecracker/config-file.ts";
import { type Draft, newDraft } from "../../../src/firecracker/draft.ts";
import { FirecrackerLog } from "../../../src/firecracker/log.ts";
import { draftRoutes } from "../../../src/firecracker/routes.ts";
import { toVmConfig, vmConfigJson } from "../../../src/firecracker/vm-config.ts";
import type { Method } from "../../../src/http/request-line.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";
import { canMakeTaps, HostTap } from "../../support/host-tap.ts";

let folder: string;
let draft: Draft;
let starts: number;
const counts = newCounts();
const log = new FirecrackerLog({ id: "test", level: "off" }, counts.log);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-fc-"));
  draft = newDraft();
  starts = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file that is there in every test, unlike the folder, which is made for each. */
const FILE = import.meta.path;
const file = () => FILE;

function ask(method: Method, path: string, body?: unknown) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const start = () => {
    starts++;
  };
  return answer({ method, path, body: text }, draftRoutes(draft, log, start), counts) as HttpResponse;
}

const drive = (id: string, more: object = {}) => ({
  drive_id: id,
  is_root_device: false,
  path_on_host: file(),
  ...more,
});

describe("a section that can't be is refused in Firecracker's words:", () => {
  const MISSING = "No such file or directory (os error 2)";
  const JSON_ERROR = "An error occurred when deserializing the json body of a request:";
  const VCPUS =
    "Machine config error: The number of vCPUs must be greater than 0, less than 32 and must be 1 or an even number if SMT is enabled.";
  const MEMORY =
    "Machine config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.";
  const KERNEL = "Boot source error: The kernel file cannot be opened:";
  const VSOCK =
    "Vsock config error: Cannot create backend for vsock device: Error binding to the host-side Unix socket:";
  test.each<[string, string, unknown, string]>([
    ["no vCPU", "/machine-config", { vcpu_count: 0, mem_size_mib: 1 }, VCPUS],
    ["33 vCPUs", "/machine-config", { vcpu_count: 33, mem_size_mib: 1 }, VCPUS],
    ["3 with SMT", "/machine-config", { vcpu_count: 3, mem_size_mib: 1, smt: true }, VCPUS],
    ["no memory", "/machine-config", { vcpu_count: 1, mem_size_mib: 0 }, MEMORY],
    ["half a huge page", "/machine-config", { vcpu_count: 1, mem_size_mib: 3, huge_pages: "2M" }, MEMORY],
    [
      "no vcpu_count",
      "/machine-config",
      { mem_size_mib: 1 },
      `${JSON_ERROR} missing field \`vcpu_count\` at line 1 column 18.`,
    ],
    [
      "no kernel",
      "/boot-source",
      { kernel_image_path: "/no" },
      `Boot source error: The kernel file cannot be opened: ${MISSING}`,
    ],
    [
      "a drive that is not there",
      "/drives/a",
      { ...drive("a"), path_on_host: "/no" },
      `Drive config error: Unable to create the virtio block device: Virtio backend error: Error manipulating the backing file: ${MISSING} /no`,
    ],
    ["a drive of another name", "/drives/b", drive("a"), "The id from the path does not match the id from the body!"],
    [
      "an unknown field",
      "/drives/a",
      drive("a", { x: 1 }),
      `${JSON_ERROR} unknown field \`x\`, expected one of \`drive_id\`, \`partuuid\`, \`is_root_device\`, \`cache_type\`, \`is_read_only\`, \`path_on_host\`, \`rate_limiter\`, \`io_engine\`, \`socket\``,
    ],
    [
      "an unknown field of a vsock",
      "/vsock",
      { guest_cid: 3, uds_path: "/v", x: 1 },
      `${JSON_ERROR} unknown field \`x\`, expected one of \`vsock_id\`, \`guest_cid\`, \`uds_path\``,
    ],
    [
      "an unknown field of a rate limiter",
      "/entropy",
      { rate_limiter: { packets: {} } },
      `${JSON_ERROR} unknown field \`packets\`, expected \`bandwidth\` or \`ops\``,
    ],
    [
      "a TAP that is not there",
      "/network-interfaces/a",
      { iface_id: "a", host_dev_name: "no-tap" },
      "Network config error: Could not create the network device: Open tap device failed: there is no TAP device no-tap",
    ],
    [
      "a card that is no TAP",
      "/network-interfaces/a",
      { iface_id: "a", host_dev_name: "lo" },
      "Network config error: Could not create the network device: Open tap device failed: ",
    ],
    [
      "an address that is none",
      "/network-interfaces/a",
      { iface_id: "a", host_dev_name: "lo", guest_mac: "zz" },
      `${JSON_ERROR} invalid value for \`guest_mac\`: must be a unicast MAC address: 06:00:ac:10:00:02, found "zz"`,
    ],
    ["a kernel that is a folder", "/boot-source", { kernel_image_path: "/" }, `${KERNEL} Is a directory (os error 21)`],
    [
      "a vsock whose file is there",
      "/vsock",
      { guest_cid: 3, uds_path: FILE },
      `${VSOCK} Address in use (os error 98)`,
    ],
    ["a vsock in no folder", "/vsock", { guest_cid: 3, uds_path: "/no/such/folder/v" }, `${VSOCK} ${MISSING}`],
    [
      "a vsock whose folder is a file",
      "/vsock",
      { guest_cid: 3, uds_path: `${FILE}/v` },
      `${VSOCK} Not a directory (os error 20)`,
    ],
    [
      "a vsock whose path is too long",
      "/vsock",
      { guest_cid: 3, uds_path: `/tmp/${"v".repeat(103)}` },
      `${VSOCK} path must be shorter than SUN_LEN`,
    ],
    [
      "a balloon over all",
      "/balloon",
      { amount_mib: 129, deflate_on_oom: true },
      "Balloon config error: Amount of pages requested is too large.",
    ],
    ["a log nowhere", "/logger", { log_path: "/no/log" }, `Logger error: Failed to open target file: ${MISSING}`],
    [
      "metrics nowhere",
      "/metrics",
      { metrics_path: "/no/such/file" },
      "Metrics error: Cannot initialize the metrics system due to bad user input: No such file or directory (os error 2)",
    ],
    [
      "metrics without a path",
      "/metrics",
      { emit_id: true },
      "An error occurred when deserializing the json body of a request: missing field `metrics_path` at line 1 column 16.",
    ],
    [
      "another stage",
      "/actions",
      { action_type: "SendCtrlAltDel" },
      "The requested operation is not supported before starting the microVM.",
    ],
    [
      "a start of nothing",
      "/actions",
      { action_type: "InstanceStart" },
      "Start microvm error: Cannot start microvm without kernel configuration.",
    ],
  ])("%s", (_, path, body, problem) => {
    const { status, body: text } = ask("PUT", path, body);
    expect(status).toBe(400);
    expect(JSON.parse(text!).fault_message).toStartWith(problem);
    expect(draft).toEqual(newDraft());
    expect(starts).toBe(0);
  });
});

describe("metrics", () => {
  const file = () => join(folder, "metrics");

  test("have their file made at once, and what each line is to have", () => {
    const more = { emit_id: true, properties: { rack: "b7" }, of_a_later_version: 1 };
    expect(ask("PUT", "/metrics", { metrics_path: file(), ...more })).toEqual(NO_CONTENT);
    expect(draft.metrics).toEqual({ fd: expect.any(Number), id: "test", properties: { rack: "b7" } });
    expect(existsSync(file())).toBe(true);
  });

  test("can be asked for once", () => {
    const body = { metrics_path: file() };
    expect([ask("PUT", "/metrics", body), ask("PUT", "/metrics", body)]).toEqual([
      NO_CONTENT,
      fault(
        "Metrics error: Cannot initialize the metrics system due to bad user input: Reinitialization of metrics not allowed.",
      ),
    ]);
  });
});

test("what was asked is counted, by resource", () => {
  const before = { requests: 0, failures: 0, ...counts.api["PUT metrics"] };
  ask("PUT", "/metrics", { metrics_path: "/no/such/file" });
  ask("PUT", "/nowhere", {});
  expect(counts.api["PUT metrics"]).toEqual({ requests: before.requests + 1, failures: before.failures + 1 });
  expect(Object.keys(counts.api)).not.toContain("PUT nowhere");
});

test("a vsock's socket may be in the folder that volt runs in, and have a path of 107 bytes", () => {
  const long = `/tmp/${"v".repeat(102)}`;
  for (const uds_path of ["v.sock", long]) {
    expect(ask("PUT", "/vsock", { guest_cid: 3, uds_path })).toEqual(NO_CONTENT);
  }
});

describe.skipIf(!canMakeTaps)("a card", () => {
  const put = (host_dev_name: string, more: object = {}) =>
    ask("PUT", "/network-interfaces/a", { iface_id: "a", host_dev_name, ...more });

  test("may have a TAP that is there, and again: it is not kept open before the start", () => {
    using tap = new HostTap();
    expect([put(tap.name), put(tap.name, { guest_mac: "06:00:AC:10:00:02" })]).toEqual([NO_CONTENT, NO_CONTENT]);
    expect(draft.interfaces).toEqual([{ iface_id: "a", host_dev_name: tap.name, guest_mac: "06:00:AC:10:00:02" }]);
  });

  test("may not have one that somebody uses", () => {
    using tap = new HostTap();
    using _user = openTap(tap.name, false);
    expect(put(tap.name)).toEqual(
      fault(
        "Network config error: Could not create the network device: Open tap device failed: Resource busy (os error 16)",
      ),
    );
  });
});

test("a second root is refused, the same again is not", () => {
  expect(ask("PUT", "/drives/a", drive("a", { is_root_device: true }))).toEqual(NO_CONTENT);
  expect(ask("PUT", "/drives/a", drive("a", { is_root_device: true }))).toEqual(NO_CONTENT);
  expect(ask("PUT", "/drives/b", drive("b", { is_root_device: true }))).toEqual(
    fault("Drive config error: A root block device already exists!"),
  );
});

test("the root comes first, the others as they came", () => {
  for (const id of ["x", "y"]) ask("PUT", `/drives/${id}`, drive(id));
  ask("PUT", "/drives/root", drive("root", { is_root_device: true }));
  expect(draft.drives.map(({ drive_id }) => drive_id)).toEqual(["root", "x", "y"]);
});

test("a machine is changed field by field", () => {
  expect(ask("PATCH", "/machine-config", {})).toEqual(fault("Empty PATCH request."));
  expect(ask("PATCH", "/machine-config", { mem_size_mib: 64 })).toEqual(NO_CONTENT);
  expect(ask("GET", "/machine-config")).toEqual(
    json({ vcpu_count: 1, mem_size_mib: 64, smt: false, track_dirty_pages: false, huge_pages: "None" }),
  );
  expect(ask("PATCH", "/machine-config", { cpu_template: "T2" })).toEqual({ status: 204, isDeprecated: true });
});

test("what was put is what is shown", () => {
  const limiter = { bandwidth: { size: 10, refill_time: 100, nonsense: 1 } };
  ask("PUT", "/boot-source", { kernel_image_path: file(), boot_args: "quiet" });
  ask("PUT", "/drives/a", drive("a", { rate_limiter: limiter, partuuid: null }));
  ask("PUT", "/vsock", { guest_cid: 3, uds_path: join(folder, "v"), vsock_id: "root" });
  expect(vmConfigJson(draft)).toMatchObject({
    "boot-source": { kernel_image_path: file(), initrd_path: null, boot_args: "quiet" },
    drives: [
      {
        drive_id: "a",
        partuuid: null,
        cache_type: "Unsafe",
        io_engine: "Sync",
        rate_limiter: { bandwidth: { size: 10, one_time_burst: null, refill_time: 100 }, ops: null },
        socket: null,
      },
    ],
    vsock: { guest_cid: 3, uds_path: join(folder, "v") },
    balloon: null,
    pmem: [],
  });
});

test("a draft is a machine that volt can make", () => {
  ask("PUT", "/boot-source", { kernel_image_path: file() });
  ask("PUT", "/drives/a", drive("a"));
  ask("PUT", "/balloon", { amount_mib: 1, deflate_on_oom: false });
  ask("PUT", "/entropy", { rate_limiter: { ops: { size: 1, refill_time: 1 } } });
  const config = parseConfig(toVmConfig(draft, "one", ["/images"]), "");
  expect(config.drives[0]).toMatchObject({ cache_type: "Unsafe", io_engine: "Sync", rate_limiter: {} });
  expect(config.balloon).toMatchObject({ free_page_reporting: false });
  expect(config.volt).toMatchObject({ id: "one", own_initramfs: false, sandbox: { allow_paths: ["/images"] } });
  expect(config["boot-source"].boot_args).toEndWith("swiotlb=noforce pci=off");
});

describe("a configuration file", () => {
  const whole = () => ({
    "boot-source": { kernel_image_path: file() },
    drives: [drive("a"), drive("b")],
    "machine-config": { vcpu_count: 2, mem_size_mib: 64, smt: false },
    "somebody-elses": { x: 1 },
    balloon: null,
  });
  test("is taken section by section, and what is nobody's is let pass", () => {
    takeConfigFile(draft, JSON.stringify(whole()), log);
    expect(draft.drives.map(({ drive_id }) => drive_id)).toEqual(["a", "b"]);
    expect(draft.machine.vcpu_count).toBe(2);
  });
  test.each([
    ["boot-source", undefined, "missing field `boot-source`"],
    ["drives", undefined, "missing field `drives`"],
    ["drives", {}, "invalid type for `drives`, expected a sequence"],
    ["metrics", { metrics_path: "/no/such/file" }, "Metrics error:"],
    ["machine-config", { vcpu_count: 1, mem_size_mib: 1, x: 1 }, "unknown field `x`"],
  ])("with %s as %p is refused", (name, value, problem) => {
    expect(() => takeConfigFile(draft, JSON.stringify({ ...whole(), [name]: value }), log)).toThrow(problem);
  });
});

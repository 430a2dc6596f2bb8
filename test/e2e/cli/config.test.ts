/** `--config` and `--print-config`: what is said, what wins, and what a broken file is told. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { memoryForGuest } from "../../../src/host/memory-limit.ts";
import { END, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

/** The resolved configuration. */
function resolved(...args: string[]): Promise<unknown> {
  return resolvedWith({}, ...args);
}

async function resolvedWith(env: Record<string, string>, ...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await volt(["run", "--print-config", ...args], { env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout.toString());
}

/** These tests may run in a container with a limit of its own. */
const MEMORY = memoryForGuest(1) ?? 128;

const SANDBOX_DEFAULTS = {
  mode: "enforce",
  seccomp: true,
  landlock: true,
  namespaces: "auto",
  pid_namespace: false,
  allow_paths: [],
};

const VOLT_DEFAULTS = {
  ...{ console: "serial", boot_protocol: "auto", load: "auto", stop_timeout: 10 },
  sandbox: SANDBOX_DEFAULTS,
};

/** What a file that says nothing gets. */
const FILE_DEFAULTS = {
  "boot-source": {},
  "machine-config": { vcpu_count: 1, mem_size_mib: MEMORY, huge_pages: "None" },
  drives: [],
  "network-interfaces": [],
  logger: { level: "warn", format: "text" },
  volt: VOLT_DEFAULTS,
};

const BALLOON_DEFAULTS = {
  amount_mib: 0,
  deflate_on_oom: true,
  stats_polling_interval_s: 0,
  free_page_hinting: false,
  free_page_reporting: true,
};
const DEFAULTS = { ...FILE_DEFAULTS, entropy: {}, balloon: BALLOON_DEFAULTS };

const EVERY_SANDBOX_SETTING = {
  ...{ mode: "audit", seccomp: false, landlock: false, namespaces: "require", pid_namespace: true, uid: 1, gid: 2 },
  cgroup: {
    name: "a/b",
    memory_mib: 1024,
    cpu_percent: 50,
    pids: 9,
    io: { rbps_mib: 20, wbps_mib: 10, riops: 300, wiops: 200 },
  },
  allow_paths: ["/p", "/q"],
};

const EVERY_FLAG = [
  ...["--kernel", "k", "--cmdline", "a=b", "--append", "c d", "--cpus", "3", "--memory", "1G", "--hugepages"],
  ...["--console", "none", "--id", "name-1", "--boot-protocol", "pvh", "--load", "copy", "--stop-timeout", "0.5"],
  ...["--log-level", "trace", "--log-format", "json", "--log-file", "l", "--trace", "t", "--rng"],
  ...["--metadata", "m"],
  ...[
    "--uid",
    "1",
    "--gid",
    "2",
    "--cgroup",
    "a/b,memory=1G,cpu=50,pids=9,rbps=20M,wbps=10M,riops=300,wiops=200",
    "--allow-path",
    "/p",
    "--allow-path",
    "/q",
  ],
  ...[
    "--sandbox",
    "audit",
    "--no-seccomp",
    "--no-landlock",
    "--require-namespaces",
    "--pid-namespace",
    "--",
    "ls",
    "-l",
    "",
  ],
];

describe("--print-config", () => {
  test("without anything else prints the defaults", async () => {
    expect(await resolved()).toEqual(DEFAULTS);
  });

  test("shows what every flag became", async () => {
    expect(await resolved(...EVERY_FLAG)).toEqual({
      "boot-source": { kernel_image_path: "k", boot_args: "a=b" },
      "machine-config": { vcpu_count: 3, mem_size_mib: 1024, huge_pages: "2M" },
      drives: [],
      "network-interfaces": [],
      entropy: {},
      balloon: BALLOON_DEFAULTS,
      logger: { log_path: "l", level: "trace", format: "json" },
      volt: {
        ...VOLT_DEFAULTS,
        ...{ id: "name-1", append: "c d", command: ["ls", "-l", ""], console: "none" },
        ...{ boot_protocol: "pvh", load: "copy", stop_timeout: 0.5, trace_path: "t", metadata_path: "m" },
        sandbox: { ...SANDBOX_DEFAULTS, ...EVERY_SANDBOX_SETTING },
      },
    });
  });

  test("fed back by --config prints the same, to the byte", async () => {
    using folder = new Folder();
    for (const flags of [[], EVERY_FLAG, ["--initrd", "i"], ["--no-rng"]]) {
      const first = await volt(["run", "--print-config", ...flags]);
      writeFileSync(folder.file("vm.json"), first.stdout);
      const second = await volt(["run", "--print-config", "--config", folder.file("vm.json")]);
      expect(second).toEqual(first);
      expect(first.status).toBe(0);
    }
  });

  test("takes --name=value as --name value, and = inside a value", async () => {
    const flags = ["--cmdline=a=b", "--cpus=3", "--append=--x"];
    expect(await resolved(...flags)).toMatchObject({
      "boot-source": { boot_args: "a=b" },
      "machine-config": { vcpu_count: 3 },
      volt: { append: "--x" },
    });
  });

  test.each([
    ["64", 64],
    ["128M", 128],
    ["128m", 128],
    ["1G", 1024],
    ["1GB", 1024],
    ["1GiB", 1024],
    ["1.5G", 1536],
    ["2048K", 2],
    ["16T", 2 ** 24],
  ])("reads --memory %s as %i MiB", async (size, mib) => {
    expect(await resolved("--memory", size)).toMatchObject({ "machine-config": { mem_size_mib: mib } });
  });

  test("opens nothing and needs no kernel: a path that is not there is only shown", async () => {
    expect(await resolved("--kernel", "/nonexistent/k", "--log-file", "/nonexistent/l")).toMatchObject({
      "boot-source": { kernel_image_path: "/nonexistent/k" },
    });
  });
});

test("a flag wins over the file, field by field, and the rest of the file stays", async () => {
  using folder = new Folder();
  const file = { "machine-config": { vcpu_count: 4, mem_size_mib: 256 }, volt: { id: "file", append: "x" } };
  writeFileSync(folder.file("vm.json"), JSON.stringify(file));
  expect(await resolved("--config", folder.file("vm.json"), "--cpus", "2", "--id", "flag")).toEqual({
    ...FILE_DEFAULTS,
    "machine-config": { ...DEFAULTS["machine-config"], vcpu_count: 2, mem_size_mib: 256 },
    volt: { ...DEFAULTS.volt, id: "flag", append: "x" },
  });
});

describe("the entropy device", () => {
  const has = async (...args: string[]) => Object.hasOwn((await resolved(...args)) as object, "entropy");

  test("is there unless --no-rng", async () => {
    expect([await has(), await has("--rng"), await has("--no-rng")]).toEqual([true, true, false]);
  });

  test("is what a file says, and flags win", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("with.json"), '{"entropy": {}}');
    writeFileSync(folder.file("without.json"), "{}");
    const [within, without] = [folder.file("with.json"), folder.file("without.json")];
    expect([await has("--config", within), await has("--config", without)]).toEqual([true, false]);
    expect([await has("--config", within, "--no-rng"), await has("--config", without, "--rng")]).toEqual([false, true]);
  });

  test("has a rate limiter, whose settings are checked", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("vm.json"), '{"entropy": {"rate_limiter": {"packets": 1}}}');
    expect(await failure(["run", "--print-config", "--config", folder.file("vm.json")])).toEndWith(
      "entropy.rate_limiter.packets: no such field: there are bandwidth, ops",
    );
  });
});

test("the balloon is there unless --no-balloon, of the size the flag says", async () => {
  expect(await resolved("--balloon", "64M")).toMatchObject({ balloon: { ...BALLOON_DEFAULTS, amount_mib: 64 } });
  expect(Object.hasOwn((await resolved("--no-balloon")) as object, "balloon")).toBe(false);
  expect(await failure(["run", "--no-balloon=1"])).toBe("--no-balloon: takes no value");
});

describe("more virtio devices than interrupt lines are refused while nothing is open yet", () => {
  const disks = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ drive_id: `d${i}`, path_on_host: `/nonexistent/${i}` }));
  const problem = (counted: string) =>
    `devices: the interrupt lines allow 14 virtio devices, 15 were asked for (${counted}): take some away`;

  test.each([[], ["-d"]])("by flags: %p", async (...more) => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.reset);
    const flags = disks(13).flatMap(({ path_on_host }) => ["--disk", path_on_host]);
    expect(await failure([...run, ...flags, ...more])).toBe(problem("13 disks, 1 entropy device, 1 balloon"));
  });

  test("by a file, which has what it says and no more", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.reset);
    writeFileSync(folder.file("vm.json"), JSON.stringify({ drives: disks(15) }));
    expect(await failure([...run, "--config", folder.file("vm.json")])).toBe(problem("15 disks"));
  });
});

describe("the environment", () => {
  test("wins over the file, and flags win over it", async () => {
    using folder = new Folder();
    const file = { "machine-config": { vcpu_count: 2, mem_size_mib: 256 }, volt: { id: "file" } };
    writeFileSync(folder.file("vm.json"), JSON.stringify(file));
    const env = { VOLT_CONFIG: folder.file("vm.json"), VOLT_CPUS: "3", VOLT_ID: "environment", VOLT_RNG: "on" };
    expect(await resolvedWith(env, "--id", "flag")).toMatchObject({
      "machine-config": { vcpu_count: 3, mem_size_mib: 256 },
      volt: { id: "flag" },
      entropy: {},
    });
  });

  test("makes the same VM as the flags, disks and all", async () => {
    const env = { VOLT_DISK: "a.img,root;b.img,ro", VOLT_MEMORY: "1G", VOLT_BALLOON: "off", VOLT_STOP_TIMEOUT: "3" };
    const flags = [
      "--disk",
      "a.img,root",
      "--disk",
      "b.img,ro",
      "--memory",
      "1G",
      "--no-balloon",
      "--stop-timeout",
      "3",
    ];
    expect(await resolvedWith(env)).toEqual(await resolved(...flags));
  });

  test.each([
    [{ VOLT_MEMORY: "1X" }, 'VOLT_MEMORY: "1X" is no size in whole MiB: write 128M, 1G, or a number of MiB'],
    [{ VOLT_CPUS: "99" }, "VOLT_CPUS: must be a whole number from 1 to 32, found 99"],
    [{ VOLT_DISK: "x,y=1" }, 'VOLT_DISK: "y" is no option of it: there are id, ro, root, direct, queues, cache, io'],
    [{ VOLT_CONFIG: "/nonexistent" }, "VOLT_CONFIG: there is no file /nonexistent: check the path"],
    [
      { VOLT_KERNEL: "/nonexistent" },
      'VOLT_KERNEL: "/nonexistent" is neither in the store (/nonexistent/volt) nor a file',
    ],
    [{ VOLT_CONSOEL: "none" }, "VOLT_CONSOEL: no such variable: did you mean VOLT_CONSOLE?"],
  ])("%j is refused by the variable's name", async (env, message) => {
    expect(await failure(["run"], { env })).toBe(message);
  });

  test("is none of the other commands' business", async () => {
    expect((await volt(["version"], { env: { VOLT_MEMROY: "x", VOLT_CPUS: "x" } })).status).toBe(0);
  });
});

describe("a config file is refused", () => {
  const TOP =
    "no such field: there are boot-source, machine-config, cpu-config, drives, network-interfaces, vsock, balloon, entropy, mmds-config, logger, metrics, volt";
  const CPUS = "must be a whole number from 1 to 32";
  const MIB = "must be a whole number from 1 to 16777216";
  test.each([
    ['{"bogus": 1}', `bogus: ${TOP}`],
    [
      '{"machine-config": {"vcpus": 1}}',
      "machine-config.vcpus: no such field: there are vcpu_count, mem_size_mib, huge_pages, cpu_template",
    ],
    [
      '{"machine-config": {"mem_size_mb": 64}}',
      "machine-config.mem_size_mb: no such field: did you mean mem_size_mib?",
    ],
    ['{"boot_source": {}}', "boot_source: no such field: did you mean boot-source?"],
    ['{"__proto__": {"volt": {}}}', `__proto__: ${TOP}`],
    [
      '{"vsock": {"__proto__": {"vhost": true}}}',
      "vsock.__proto__: no such field: there are guest_cid, uds_path, vsock_id, vhost",
    ],
    ['{"constructor": {}}', `constructor: ${TOP}`],
    ["[]", "a VM is a JSON object: { ... }"],
    ["null", "a VM is a JSON object: { ... }"],
    ["1", "a VM is a JSON object: { ... }"],
    ['{"volt": null}', "volt: must be an object, found null"],
    ['{"machine-config": 1}', "machine-config: must be an object, found 1"],
    ['{"boot-source": {"kernel_image_path": 1}}', "boot-source.kernel_image_path: must be a string, found 1"],
    ['{"boot-source": {"kernel_image_path": ""}}', "boot-source.kernel_image_path: must not be empty"],
    [
      '{"boot-source": {"initrd_path": "a\\u0000b"}}',
      'boot-source.initrd_path: must not hold a NUL byte, found "a\\x00b"',
    ],
    ['{"boot-source": {"boot_args": "é"}}', 'boot-source.boot_args: must be printable ASCII, found "é"'],
    ['{"volt": {"append": "a\\u0000b"}}', 'volt.append: must be printable ASCII, found "a\\x00b"'],
    ['{"volt": {"command": ["a\\u0000b"]}}', 'volt.command.0: must not hold a NUL byte, found "a\\x00b"'],
    ['{"volt": {"command": ["a", 1]}}', "volt.command.1: must be a string, found 1"],
    ['{"volt": {"command": []}}', "volt.command: must not be empty"],
    [
      '{"volt": {"console": "\\u001b[2J\\u009b1m"}}',
      'volt.console: must be one of serial, virtio, none, found "\\x1b[2J\\x9b1m"',
    ],
    ['{"machine-config": {"vcpu_count": 0}}', `machine-config.vcpu_count: ${CPUS}, found 0`],
    ['{"machine-config": {"vcpu_count": 33}}', `machine-config.vcpu_count: ${CPUS}, found 33`],
    ['{"machine-config": {"vcpu_count": 1.5}}', `machine-config.vcpu_count: ${CPUS}, found 1.5`],
    ['{"machine-config": {"vcpu_count": "2"}}', `machine-config.vcpu_count: ${CPUS}, found "2"`],
    ['{"machine-config": {"vcpu_count": true}}', `machine-config.vcpu_count: ${CPUS}, found true`],
    ['{"machine-config": {"vcpu_count": 1e400}}', `machine-config.vcpu_count: ${CPUS}, found Infinity`],
    ['{"machine-config": {"mem_size_mib": 0}}', `machine-config.mem_size_mib: ${MIB}, found 0`],
    [
      '{"machine-config": {"mem_size_mib": 18446744073709551616}}',
      `machine-config.mem_size_mib: ${MIB}, found 18446744073709552000`,
    ],
    ['{"logger": {"level": "loud"}}', 'logger.level: must be one of error, warn, info, debug, trace, found "loud"'],
    ['{"volt": {"stop_timeout": -1}}', "volt.stop_timeout: must be a number of seconds from 0 to 86400, found -1"],
    ['{"metrics": {}}', "metrics.metrics_path: is missing: it has no default"],
  ])("%s", async (text, message) => {
    using folder = new Folder();
    writeFileSync(folder.file("vm.json"), text);
    expect(await failure(["run", "--config", "vm.json"], { cwd: folder.path })).toBe(`vm.json: ${message}`);
  });

  test.each([
    "{",
    '{"volt": {}',
    "{'volt': {}}",
    "volt: {}",
    '{"a": 1}{"a": 1}',
    "[".repeat(100_000),
    "\u0000\u0001\ufffd",
  ])("when it is no JSON: %.20j", async (text) => {
    using folder = new Folder();
    writeFileSync(folder.file("vm.json"), text);
    const message = await failure(["run", "--config", "vm.json"], { cwd: folder.path });
    expect(message).toMatch(/^vm.json: not JSON \(.+\): see `volt run --print-config` for an example$/);
  });

  test("when it is larger than any VM's description", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("vm.json"), " ".repeat(2 ** 20 + 1));
    expect(await failure(["run", "--config", "vm.json"], { cwd: folder.path })).toBe(
      "--config: vm.json has 1048577 bytes: a VM's description has at most 1048576",
    );
  });

  test("even where a flag would have replaced the wrong value", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("vm.json"), '{"machine-config": {"vcpu_count": 0}}');
    expect(await failure(["run", "--config", "vm.json", "--cpus", "1"], { cwd: folder.path })).toStartWith(
      "vm.json: machine-config.vcpu_count: ",
    );
  });
});

test("a mistake on the command line over a good file is told by its flag", async () => {
  using folder = new Folder();
  writeFileSync(folder.file("vm.json"), '{"machine-config": {"huge_pages": "2M"}}');
  expect(await failure(["run", "--config", "vm.json", "--memory", "3"], { cwd: folder.path })).toBe(
    "--memory: must be an even number of MiB to fill huge pages of 2 MiB",
  );
});

describe("a host's file that can't be had is told by where it was named", () => {
  const file = {
    "boot-source": { initrd_path: "nowhere.cpio" },
    drives: [{ drive_id: "a", path_on_host: "nope" }],
    logger: { log_path: "/nonexistent/log" },
  };
  const told = async (vm: object, ...flags: readonly string[]) => {
    using folder = new Folder();
    writeFileSync(folder.file("vm.json"), JSON.stringify(vm));
    const { path } = tinyKernel(folder, END.reset);
    return await failure(["run", "--kernel", path, "--config", "vm.json", ...flags], { cwd: folder.path });
  };

  test("in a file", async () => {
    const problem = "vm.json: drives.0.path_on_host: there is no file nope: check the path";
    expect(await told({ drives: file.drives })).toBe(problem);
    // A file's disk comes first, whatever the flags add.
    expect(await told({ drives: file.drives }, "--disk", "other")).toBe(problem);
    expect(await told({ "boot-source": file["boot-source"] })).toBe(
      "vm.json: boot-source.initrd_path: there is no file nowhere.cpio: check the path",
    );
    expect(await told({ "network-interfaces": [{ iface_id: "a", host_dev_name: "nosuchtap" }] })).toStartWith(
      "vm.json: network-interfaces: tap=nosuchtap: there is no such interface",
    );
    expect(await told({ volt: { id: "-x" } })).toStartWith("vm.json: volt.id: -x begins with a dash");
    expect(await told({ logger: file.logger })).toStartWith("vm.json: logger.log_path: there is no folder for");
  });

  test("by a flag that wins over the file", async () => {
    expect(await told({ drives: file.drives }, "--disk", "other,id=a")).toBe(
      "--disk: there is no file other: check the path",
    );
    expect(await told(file, "--initrd", "other")).toBe("--initrd: there is no file other: check the path");
  });
});

/** What a guest finds in its machine: one boot, asked about everything. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { sharedHost } from "../../testbed/shared.ts";
import { askAgain, guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);

const CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const QUESTIONS = {
  cmdline: "cat /proc/cmdline",
  dmesg: "dmesg -r",
  interrupts: "cat /proc/interrupts",
  ports: "cat /proc/ioports",
  acpi: "ls /sys/firmware/acpi/tables",
  acpiDevices: "ls /sys/bus/acpi/devices",
  rtc: "cat /sys/class/rtc/rtc0/since_epoch",
  hwclock: "hwclock -r -u",
  clocksource: `cat ${CLOCKSOURCE}`,
  serial: "cat /proc/tty/driver/serial",
  inputs: "cat /proc/bus/input/devices",
} as const;
type Topic = keyof typeof QUESTIONS;

const MARK = "== ";

async function ask(flags: readonly string[], questions: Readonly<Record<string, string>>) {
  const script = Object.entries(questions).map(([topic, command]) => `echo "${MARK}${topic}"; ${command} 2>&1`);
  const { status, stdout, log } = await guest(script.join("\n"), flags);
  expect({ status, log }).toEqual({ status: 0, log: "" });
  const answers = stdout.split(new RegExp(`^${MARK}`, "m")).slice(1);
  return Object.fromEntries(answers.map((answer) => answer.split(/\n(.*)/s, 2))) as Record<string, string>;
}

async function hostSeconds(): Promise<number> {
  return Number((await (await sharedHost()).run(["date", "+%s"])).stdout.toString());
}

describe("a guest with one processor", () => {
  let answers: Record<Topic, string>;
  let [before, after] = [0, 0];

  beforeAll(async () => {
    answers = (await askAgain(async () => {
      before = await hostSeconds();
      return await ask(["--append", "volt.test=1"], QUESTIONS);
    })) as Record<Topic, string>;
    after = await hostSeconds();
  }, 4 * LIMIT);

  test("was booted with volt's own command line, and what was appended behind it", () => {
    expect(answers.cmdline).toBe(
      "console=ttyS0 8250.nr_uarts=1 quiet loglevel=1 reboot=k panic=-1 pci=off i8042.noaux i8042.nomux i8042.dumbkbd " +
        "swiotlb=noforce volt.test=1\n",
    );
  });

  test("has nothing to complain about its chips, tables and clocks", () => {
    const complaints = answers.dmesg.match(/^<[0-4]>.*$/gm) ?? [];
    const about = /acpi|rtc|i8042|serial|ttyS|8250|tsc|clock|timer|apic|e820|firmware bug|mtrr|random|kvm/i;
    expect(complaints.filter((line) => about.test(line))).toEqual([]);
  });

  test("has a kernel log without an error, but for the PCI bus it was told not to have", () => {
    const errors = answers.dmesg.match(/^<[0-3]>.*$/gm) ?? [];
    expect(errors.filter((line) => !line.includes("PCI: Fatal: No config space access function found"))).toEqual([]);
  });

  test("knows the hypervisor, and takes its clock", () => {
    expect(answers.dmesg).toContain("Hypervisor detected: KVM\n");
    expect(answers.clocksource).toBe("kvm-clock\n");
    expect(answers.dmesg).toContain("Calibrating delay loop (skipped) preset value");
    expect(answers.dmesg).toContain("TSC deadline timer available\n");
  });

  test("has a seeded random generator before anything else runs", () => {
    const seeded = /\[ *(\d+\.\d+)\] random: crng init done$/m.exec(answers.dmesg);
    expect(Number(seeded?.[1])).toBe(0);
  });

  test("finds the ACPI tables, and every device that DSDT describes", () => {
    expect(answers.acpi.split("\n")).toEqual(expect.arrayContaining(["APIC", "DSDT", "FACP"]));
    const devices = [...answers.acpiDevices.matchAll(/^(PNP\w{4}|QEMU\w{4}|ACPI\w{4}):00$/gm)].map(([, id]) => id);
    expect(devices).toEqual(
      expect.arrayContaining(["ACPI0013", "PNP0303", "PNP0501", "PNP0B00", "PNP0C0C", "QEMU0001"]),
    );
    expect(answers.dmesg).toContain("ACPI: Interpreter enabled\n");
    expect(answers.dmesg).toContain("ACPI: PM: (supports S0 S5)\n");
    expect(answers.dmesg).toContain("ACPI: Using IOAPIC for interrupt routing\n");
  });

  test("has its interrupts on the lines of the layout", () => {
    expect(answers.interrupts).toMatch(/ IO-APIC +9-edge +ACPI:Ged\n/);
    expect(answers.interrupts).toMatch(/: +[1-9]\d* +IO-APIC +4-edge +ttyS0\n/);
    expect(answers.interrupts).toMatch(/ IO-APIC +1-edge +i8042\n/);
    expect(answers.interrupts).toMatch(/^ERR: +0$/m);
  });

  test("has a 16550A whose line is up", () => {
    expect(answers.serial).toMatch(/^0: uart:16550A port:000003F8 .* RTS\|CTS\|DTR\|DSR\|CD$/m);
    expect(answers.ports).toMatch(/^03f8-03ff : serial$/m);
  });

  test("has a keyboard and a power button", () => {
    expect(answers.inputs).toContain('Name="AT Translated Set 2 keyboard"');
    expect(answers.inputs).toContain('Name="Power Button"');
  });

  test("has the host's time in its RTC", () => {
    for (const seconds of [Number(answers.rtc), Date.parse(`${answers.hwclock.split("  ")[0]} UTC`) / 1000]) {
      expect(seconds).toBeGreaterThanOrEqual(before - 5);
      expect(seconds).toBeLessThanOrEqual(after + 5);
    }
  });
});

test("a guest with two processors brings both up with x2APICs, and both take interrupts", async () => {
  const busy = "taskset -p 2 $$ >/dev/null; for i in 1 2 3 4 5; do sleep 0.05; done";
  const answers = await ask(["--cpus", "2"], {
    nproc: "nproc",
    dmesg: "dmesg",
    interrupts: `${busy}; grep LOC /proc/interrupts`,
    online: "cat /sys/devices/system/cpu/online",
    apics: "grep -e apicid -e hypervisor /proc/cpuinfo | grep apicid",
  });

  expect(answers).toMatchObject({ nproc: "2\n", online: "0-1\n" });
  expect(answers["dmesg"]).toContain("x2apic enabled\n");
  expect(answers["dmesg"]).toContain("smp: Brought up 1 node, 2 CPUs\n");
  expect(answers["interrupts"]).toMatch(/LOC: +[1-9]\d* +[1-9]\d* /);
  expect([...answers["apics"]!.matchAll(/^apicid\s+: (\d+)$/gm)].map(([, id]) => id)).toEqual(["0", "1"]);
});

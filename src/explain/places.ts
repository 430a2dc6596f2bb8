/** What is behind a port or an address, for a reader. */
import { MMIO, PORTS } from "../machine/layout.ts";

const NAMES: Readonly<Record<keyof typeof PORTS, string>> = {
  keyboardData: "keyboard controller",
  keyboardCommand: "keyboard controller",
  rtc: "clock and CMOS",
  systemControl: "system control port",
  serial: "serial port",
  exitStatus: "exit status, boot timer, pvpanic",
  bootTimer: "exit status, boot timer, pvpanic",
  pvpanic: "exit status, boot timer, pvpanic",
  power: "ACPI power",
};
const NO_DEVICE = "no device";
/** What Linux looks for and this machine has not. */
const ABSENT: readonly (readonly [first: number, name: string])[] = [
  [0x2e8, "a fourth serial port"],
  [0x2f8, "a second serial port"],
  [0x3e8, "a third serial port"],
  [0xcf8, "PCI configuration"],
  [0x80, "delays by port 0x80"],
];

/** @param address the first of eight ports, or of a page */
export function placeName(kind: "port" | "mmio", address: number): string {
  if (kind === "mmio") return `${hex(address)}: ${mmioName(address)}`;
  const last = address + 7;
  const owner = Object.entries(PORTS).find(([, { first, count }]) => first <= last && first + count > address);
  const absent = ABSENT.find(([first]) => first >= address && first <= last)?.[1];
  const name = owner
    ? NAMES[owner[0] as keyof typeof PORTS]
    : absent === undefined
      ? NO_DEVICE
      : `${NO_DEVICE} (${absent})`;
  return `ports ${hex(address)} to ${hex(last)}: ${name}`;
}

function mmioName(address: number): string {
  if (address === MMIO.bootTimer) return "boot timer";
  const slot = (address - MMIO.virtio) / MMIO.windowSize;
  return slot >= 0 && slot < 32 ? `virtio device ${slot}` : NO_DEVICE;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

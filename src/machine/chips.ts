/** The chips as one thread sees them, on its buses. Every vCPU's thread makes its own over the same block. */
import { realtimeMs } from "../../ffi/clock.ts";
import { BootTimer } from "../devices/boot-timer/boot-timer.ts";
import { MmioBus, PortBus } from "../devices/bus.ts";
import { ExitStatusPort } from "../devices/exit/exit.ts";
import { I8042 } from "../devices/i8042/i8042.ts";
import { SystemControlPort } from "../devices/i8042/system-control.ts";
import { PowerPorts } from "../devices/power/power.ts";
import { Pvpanic } from "../devices/pvpanic/pvpanic.ts";
import { Rtc } from "../devices/rtc/rtc.ts";
import { Serial } from "../devices/serial/serial.ts";
import type { ExitRecorder } from "../observe/exit-record.ts";
import type { Timeline } from "../observe/timeline.ts";
import type { MachineBlock } from "./block.ts";
import { RecordedMmio, RecordedPorts } from "./exit-records.ts";
import { GSI, MMIO, PORTS } from "./layout.ts";
import { type Interrupts, type LineNumbers, line } from "./lines.ts";
import type { MachineState } from "./state.ts";
import { attachVirtio } from "./virtio/registers.ts";

/** The boot timer's window and one for each virtio device there can be. */
const MMIO_WINDOWS = 1 + GSI.virtio.length;

export interface Buses {
  readonly ports: PortBus;
  readonly mmio: MmioBus;
}

/** Power-on state, once a machine. @param holdInput keeps console input back until the guest says it is ready for it */
export function resetChips(block: MachineBlock, holdInput: boolean): void {
  Serial.reset(block.part("serial"), { hold: holdInput });
  I8042.reset(block.part("i8042"));
  Rtc.reset(block.part("rtc"));
}

/**
 * @param timeline where the guest's "I am up" is stamped
 * @param exits where accesses are recorded, if they are
 */
export function attachChips(
  block: MachineBlock,
  lines: LineNumbers,
  interrupts: Interrupts,
  state: MachineState,
  timeline: Timeline,
  exits?: ExitRecorder,
): Buses {
  const ports = exits ? new RecordedPorts(exits) : new PortBus();
  const window = [MMIO.bootTimer, MMIO_WINDOWS] as const;
  const mmio = exits ? new RecordedMmio(exits, ...window) : new MmioBus(...window);
  const attach = ({ first, count }: { first: number; count: number }, device: Parameters<PortBus["attach"]>[2]) =>
    ports.attach(first, count, device);

  const serial = new Serial(block.part("serial"), interrupts.line(GSI.serial), line(lines.wake));
  const keyboard = new I8042(block.part("i8042"), interrupts.line(GSI.keyboard), state);
  const timer = new BootTimer(() => {
    timeline.mark("guest user space");
    serial.release();
  });
  attach(PORTS.serial, serial);
  attach(PORTS.keyboardData, keyboard.dataPort);
  attach(PORTS.keyboardCommand, keyboard.commandPort);
  attach(PORTS.systemControl, new SystemControlPort(state));
  attach(PORTS.rtc, new Rtc(block.part("rtc"), realtimeMs));
  attach(PORTS.power, new PowerPorts(block.part("power"), state));
  attach(PORTS.exitStatus, new ExitStatusPort(state));
  attach(PORTS.pvpanic, new Pvpanic(state));
  attach(PORTS.bootTimer, timer);
  mmio.attach(MMIO.bootTimer, timer);
  attachVirtio(mmio, block, lines, state);
  return { ports, mmio };
}

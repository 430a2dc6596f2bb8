/** What a control API may do, on the machine that runs. */
import type { DeviceControls } from "../devices/virtio/controls.ts";
import type { Console } from "./console/console.ts";
import { ControlError, type MachineControl } from "./control.ts";
import type { EventFeed } from "./events.ts";
import type { MachineParts } from "./parts.ts";
import type { PowerButton } from "./power-button.ts";
import type { VirtioIo } from "./virtio/io.ts";

/** What the main loop has besides the machine's parts. */
export interface ControlledLoop {
  readonly virtio: VirtioIo;
  readonly button: PowerButton;
  readonly console: Console;
  readonly events: EventFeed;
  readonly isStopping: () => boolean;
  readonly shutDown: () => void;
  readonly end: () => void;
}

export function machineControl({ plan, vcpus, timeline, devices }: MachineParts, loop: ControlledLoop): MachineControl {
  const { virtio, button, console, events, isStopping, shutDown, end } = loop;
  const controls = devices.flatMap(({ name, controls }) => (controls ? [{ name, controls }] : []));
  const find = <K extends DeviceControls["kind"]>(kind: K, id?: string): Extract<DeviceControls, { kind: K }> => {
    const found = controls.find((one) => one.controls.kind === kind && (id === undefined || one.name === id));
    if (!found) throw new ControlError(`there is no ${kind}${id === undefined ? "" : ` ${id}`}`);
    return found.controls as Extract<DeviceControls, { kind: K }>;
  };
  return {
    config: plan.config,
    get isPaused() {
      return vcpus.isPaused;
    },
    get isStopping() {
      return isStopping();
    },
    events,
    console: console.hub,
    pause: () => {
      if (vcpus.isPaused) return;
      vcpus.pause();
      events.tell({ event: "paused" });
    },
    resume: () => {
      if (!vcpus.isPaused) return;
      vcpus.resume();
      events.tell({ event: "resumed" });
    },
    shutDown,
    end,
    pressPowerButton: () => button.press(),
    pressCtrlAltDel: () => button.pressCtrlAltDel(),
    resizeConsole: (size) => console.resize(size),
    disk: (id) => find("disk", id),
    networkInterface: (id) => find("interface", id),
    balloon: () => find("balloon"),
    counters: () => virtio.counters(),
    timeline: () => timeline.marks(),
  };
}

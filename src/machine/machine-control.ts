/** What a control API may do, on the machine that runs. */
import type { DeviceControls } from "../devices/virtio/controls.ts";
import { ControlError, type MachineControl } from "./control.ts";
import { liveConfig } from "./live-config.ts";
import type { MachineParts } from "./parts.ts";
import type { PowerButton } from "./power-button.ts";
import type { VirtioIo } from "./virtio/io.ts";

/** @param shutDown asks the guest to go down */
export function machineControl(
  { plan, vcpus, timeline, devices }: MachineParts,
  virtio: VirtioIo,
  button: PowerButton,
  shutDown: () => void,
): MachineControl {
  const controls = devices.flatMap(({ name, controls }) => (controls ? [{ name, controls }] : []));
  const find = <K extends DeviceControls["kind"]>(kind: K, id?: string): Extract<DeviceControls, { kind: K }> => {
    const found = controls.find((one) => one.controls.kind === kind && (id === undefined || one.name === id));
    if (!found) throw new ControlError(`there is no ${kind}${id === undefined ? "" : ` ${id}`}`);
    return found.controls as Extract<DeviceControls, { kind: K }>;
  };
  const changeable = {
    disk: (id: string) => find("disk", id),
    networkInterface: (id: string) => find("interface", id),
    balloon: () => find("balloon"),
    entropy: () => find("entropy"),
  };
  return {
    get config() {
      return liveConfig(plan.config, changeable);
    },
    get isPaused() {
      return vcpus.isPaused;
    },
    pause: () => vcpus.pause(),
    resume: () => vcpus.resume(),
    shutDown,
    pressCtrlAltDel: () => button.pressCtrlAltDel(),
    ...changeable,
    counters: () => virtio.counters(),
    timeline: () => timeline.marks(),
  };
}

/** A kind of device, from its section of the configuration to back ends: each folder beside this file has one. */
import type { VmConfig } from "../../config/schema.ts";
import type { OpenPath } from "../../security/open-path.ts";
import type { Rule } from "../../security/seccomp/rule.ts";
import type { MmdsStore } from "../mmds/store.ts";
import type { VirtioDevice } from "./device.ts";

/** What devices share with the rest of a machine. */
export interface SharedParts {
  readonly mmds: MmdsStore;
}

/** @typeParam Opened what `open` hands to `create`: pure data, since it crosses an exec as JSON */
export interface DeviceKind<Opened = undefined> {
  /** Its folder's name. */
  readonly name: string;

  /** Linux modules that drive it, where they are not built in: volt's own initramfs loads them. */
  readonly modules: readonly string[];
  /** Modules a guest may want because of it, but not at once: file systems for a disk. */
  readonly furtherModules?: readonly string[];

  /**
   * Stage one: opens what the devices have a path for. Descriptors in the result must survive the exec.
   * @throws ConfigError in the user's words
   */
  readonly open?: (config: VmConfig) => Opened;

  /** Stage one, when the start fails after all: takes away what others can see of the devices, such as a socket's file. */
  readonly withdraw?: (opened: Opened) => void;

  /** Stage two: the back ends of the devices the configuration asks for, in its order. */
  readonly create: (config: VmConfig, opened: Opened, shared: SharedParts) => VirtioDevice[];

  /** The system calls its devices make while a guest runs, beyond those of every machine; none where there are none of them. */
  readonly systemCalls?: (config: VmConfig) => readonly Rule[];

  /** Those of what a control API may change of them besides. */
  readonly liveCalls?: (config: VmConfig) => readonly Rule[];

  /** Files its devices may open again while the guest runs, by descriptors (O_PATH) that `open` made. */
  readonly files?: (config: VmConfig, opened: Opened) => readonly OpenPath[];

  /** Folders its devices still go into while the guest runs, by descriptors that `open` made. */
  readonly folders?: (opened: Opened) => readonly OpenPath[];
}

/** What each kind opened, by its name: a part of the plan. */
export type OpenedDevices = Readonly<Record<string, unknown>>;

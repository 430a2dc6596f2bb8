/**
 * What somebody tries who runs code in volt's process. None does harm where it succeeds. The table says which layer stops
 * it, alone: docs/security.md shows it.
 */
import type { Attack } from "./attack.ts";
import { FILE_ATTACKS } from "./files.ts";
import { KERNEL_ATTACKS } from "./kernel.ts";
import { PROCESS_ATTACKS } from "./processes.ts";
import { SOCKET_ATTACKS } from "./sockets.ts";

export const ATTACKS: readonly Attack[] = [...FILE_ATTACKS, ...SOCKET_ATTACKS, ...PROCESS_ATTACKS, ...KERNEL_ATTACKS];

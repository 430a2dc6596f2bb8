import { removeFolder, unlink } from "../../ffi/files.ts";
import { removeIfSame } from "../host/socket-file.ts";
import { filesOf, type InstancePaths } from "./paths.ts";
import { readRecord } from "./record.ts";

/** Takes away all that a VM has left, also a socket elsewhere. Whoever calls it holds the VM's lock. */
export function clear(paths: InstancePaths, keep?: "keep the lock"): void {
  const { api, api_identity } = readRecord(paths.record) ?? {};
  if (api !== undefined && api_identity) removeIfSame(api, api_identity);
  for (const file of filesOf(paths)) if (!keep || file !== paths.pid) unlink(file);
  if (!keep) removeFolder(paths.folder);
}

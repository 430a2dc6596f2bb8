/** What is said of a kernel that has just come into the store. */
import type { AddedKernel } from "../../kernels/add.ts";
import { bytes, show } from "./command.ts";

export function showAdded(json: boolean | undefined, added: AddedKernel, how = "added", note = ""): void {
  const { name, digest, manifest, isDefault } = added;
  const { version, format, files } = manifest;
  const about = [version || "version unknown", format, bytes(files.vmlinux.size), digest.slice(0, 12)].join(", ");
  const more = isDefault ? "; it is the default now" : "";
  show(json, { name, digest, default: isDefault, ...manifest }, `${how} ${name} (${about})${more}${note}`);
}

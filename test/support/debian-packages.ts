import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "../../scripts/debian-packages.mjs");

/** What a single test needs, beyond what all of them do: installed where it is missing. @throws where that can't be */
export function installPackage(name: string): void {
  const { success, stderr } = Bun.spawnSync(["node", SCRIPT, name]);
  if (!success) throw new Error(`no ${name}: ${stderr}`);
}

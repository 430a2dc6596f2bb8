/** Debian's packages, by apt. Nothing here needs root: packages are downloaded and unpacked, not installed. */
import { readdirSync } from "node:fs";
import { ConfigError } from "../config/error.ts";
import { requireTool, runTool } from "./tool.ts";

/** What apt knows of a package. */
export interface AptPackage {
  readonly name: string;
  readonly version: string;
  /** Of the .deb file. */
  readonly sha256: string;
}

/** @throws ConfigError when apt does not know it */
export async function aptPackage(name: string): Promise<AptPackage> {
  const text = await aptCache("show", "--no-all-versions", name);
  const field = (key: string) => new RegExp(`^${key}: (\\S+)`, "m").exec(text)?.[1];
  const [version, sha256] = [field("Version"), field("SHA256")];
  if (version && sha256) return { name, version, sha256 };
  throw new ConfigError("", name, "apt does not know this package: run apt-get update as root, or check its sources");
}

/** The package that a meta package stands for: linux-image-cloud-amd64 -> linux-image-6.1.0-56-cloud-amd64. */
export async function aptDependency(meta: string, pattern: RegExp): Promise<string> {
  const text = await aptCache("depends", meta);
  const name = pattern.exec(text)?.[0];
  if (name) return name;
  throw new ConfigError("", meta, "apt does not know this package: run apt-get update as root, or check its sources");
}

/** "" for what apt does not know. @throws ConfigError where there is no apt */
async function aptCache(...args: string[]): Promise<string> {
  requireTool("apt-cache", "apt");
  return await runTool(["apt-cache", ...args], { package: "apt" }).catch(() => "");
}

/** Downloads a package into a folder; apt checks it against the archive's signatures. @returns the .deb's path */
export async function aptDownload({ name }: AptPackage, folder: string): Promise<string> {
  await runTool(["apt-get", "download", "-q", name], { package: "apt", cwd: folder });
  const file = readdirSync(folder).find((entry) => entry.endsWith(".deb"));
  if (file) return `${folder}/${file}`;
  throw new ConfigError("", name, "apt-get download left no file: try it by hand");
}

/** The public keys the store trusts: one file each in `trust/`, named by the key's id. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { ConfigError } from "../../config/error.ts";
import { withStoreLock } from "../lock.ts";
import { replaceFile } from "../objects.ts";
import type { StorePaths } from "../paths.ts";
import { type PublicKey, parsePublicKey } from "./minisign.ts";

export interface TrustedKey extends PublicKey {
  readonly comment: string;
}

/** @param text a key's file @throws ConfigError when it is none */
export function trustKey(paths: StorePaths, text: string, where: string): TrustedKey {
  const key = parsePublicKey(text, where);
  withStoreLock(paths, () => {
    mkdirSync(paths.trust, { recursive: true });
    replaceFile(paths.trust, `${key.id}.pub`, `${text.trim()}\n`);
  });
  return { ...key, comment: commentOf(text) };
}

export function trustedKeys(paths: StorePaths): TrustedKey[] {
  return keyFiles(paths).map((file) => {
    const text = readFileSync(`${paths.trust}/${file}`, "utf8");
    return { ...parsePublicKey(text, `${paths.trust}/${file}`), comment: commentOf(text) };
  });
}

/** @throws ConfigError when it was not trusted anyway */
export function distrustKey(paths: StorePaths, id: string): void {
  withStoreLock(paths, () => {
    const file = `${id.toUpperCase()}.pub`;
    const files = keyFiles(paths);
    if (!files.includes(file)) {
      const known = files.length > 0 ? files.map((name) => name.slice(0, -".pub".length)).join(", ") : "none";
      throw new ConfigError("", id, `no such key is trusted; trusted are: ${known}`);
    }
    rmSync(`${paths.trust}/${file}`);
  });
}

function keyFiles({ trust }: StorePaths): string[] {
  try {
    return readdirSync(trust)
      .filter((name) => /^[0-9A-F]{16}\.pub$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function commentOf(text: string): string {
  return /^untrusted comment: (.*)$/m.exec(text)?.[1] ?? "";
}

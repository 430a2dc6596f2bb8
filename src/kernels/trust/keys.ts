/** The public keys the store trusts: one file each in `trust/`, named by the key's id. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { ConfigError } from "../../config/error.ts";
import { namesOf } from "../folder.ts";
import { withStoreLock } from "../lock.ts";
import { replaceFile } from "../objects.ts";
import type { StorePaths } from "../paths.ts";
import { type PublicKey, parsePublicKey } from "./minisign.ts";

const ENDING = ".pub";

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

/** @throws ConfigError when a file there is no key: whose signatures count must not be guessed */
export function trustedKeys(paths: StorePaths): TrustedKey[] {
  return keyFiles(paths).map((file) => readKey(`${paths.trust}/${file}`, file.slice(0, -ENDING.length)));
}

function readKey(path: string, id: string): TrustedKey {
  try {
    const text = readFileSync(path, "utf8");
    const key = parsePublicKey(text, path);
    if (key.id === id) return { ...key, comment: commentOf(text) };
  } catch {
    // said below, with the mend for a file that is in the store
  }
  throw new ConfigError("", path, `this is not the key ${id} (any more): remove it (volt kernel trust rm ${id})`);
}

/** @throws ConfigError when it was not trusted anyway */
export function distrustKey(paths: StorePaths, id: string): void {
  withStoreLock(paths, () => {
    const file = `${id.toUpperCase()}.pub`;
    const files = keyFiles(paths);
    if (!files.includes(file)) {
      const known = files.length > 0 ? files.map((name) => name.slice(0, -ENDING.length)).join(", ") : "none";
      throw new ConfigError("", id, `no such key is trusted; trusted are: ${known}`);
    }
    rmSync(`${paths.trust}/${file}`, { recursive: true });
  });
}

function keyFiles({ trust }: StorePaths): string[] {
  return namesOf(trust)
    .filter((name) => /^[0-9A-F]{16}\.pub$/.test(name))
    .sort();
}

function commentOf(text: string): string {
  return /^untrusted comment: (.*)$/m.exec(text)?.[1] ?? "";
}

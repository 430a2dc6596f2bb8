/** Downloads over HTTP that go on where they broke off. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import { ConfigError } from "../config/error.ts";
import { withoutPassword } from "./address.ts";
import { digestOf } from "./digest.ts";
import { lockFolder } from "./draft.ts";
import { withStoreLock } from "./lock.ts";
import type { StorePaths } from "./paths.ts";
import { writing } from "./writing.ts";

/** A kernel with its modules has 500 MiB at most; a server that sends for ever is stopped. */
const DOWNLOAD_MAX = 2 ** 30;
/** A server that says nothing for so long is given up. */
const SILENCE_MS = 30_000;
/** So often without a byte more. */
const TRIES = 4;

export interface Progress {
  /** Bytes that are here. */
  readonly done: number;
  /** Bytes there will be, where the server says so. */
  readonly total: number | undefined;
}

/** A downloaded file; gone at the end of its scope. */
export interface Download extends Disposable {
  readonly path: string;
}

/**
 * Downloads a file. What a broken connection or a kill left is kept, and the next try goes on from there.
 * @throws ConfigError with the address and what went wrong
 */
export async function download(paths: StorePaths, url: string, progress: (now: Progress) => void): Promise<Download> {
  const folder = `${paths.downloads}/${digestOf(url)}`;
  const lock = withStoreLock(paths, () => {
    mkdirSync(folder, { recursive: true });
    return lockFolder(folder);
  });
  if (!lock) throw new ConfigError("", withoutPassword(url), "another volt is downloading it: wait for that one");
  const path = `${folder}/part`;
  try {
    let tries = 0;
    for (;;) {
      const before = sizeOf(path);
      const problem = await fetchRest(url, { path, versionFile: `${folder}/version`, home: paths.home }, progress);
      if (problem === undefined) break;
      // One that gets further each time gets there.
      tries = sizeOf(path) > before ? 1 : tries + 1;
      if (!problem.again || tries === TRIES) throw new ConfigError("", withoutPassword(url), problem.text);
    }
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    path,
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
      lock.close();
    },
  };
}

interface Problem {
  readonly text: string;
  /** Whether another try may help. */
  readonly again: boolean;
}

/** Where a download goes. */
interface Target {
  readonly path: string;
  /** Has the ETag of what is there: another version is not continued. */
  readonly versionFile: string;
  /** VOLT_HOME. */
  readonly home: string;
}

/** One request for what is missing. @throws ConfigError when the disk does not take it */
async function fetchRest(
  url: string,
  { path, versionFile, home }: Target,
  progress: (now: Progress) => void,
): Promise<Problem | undefined> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const there = sizeOf(path);
    const version = there > 0 ? readIfThere(versionFile) : undefined;
    const range = version ? { Range: `bytes=${there}-`, "If-Range": version } : {};
    const response = await fetch(url, { headers: { ...range, "Accept-Encoding": "identity" }, signal: silence.signal });
    if (response.status === 416) {
      rmSync(path, { force: true });
      return { text: "the server has less than before: try again", again: true };
    }
    if (!response.ok) return refused(response.status);
    const goesOn = response.status === 206;
    const start = goesOn ? there : 0;
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isNaN(length) ? undefined : start + length;
    if ((total ?? 0) > DOWNLOAD_MAX) return { text: `it has ${total} bytes: no kernel is that large`, again: false };
    writeFileSync(versionFile, strongVersion(response.headers));
    using file = Fd.open(path, O.WRONLY | O.CREAT | (goesOn ? O.APPEND : O.TRUNC), 0o644);
    let done = start;
    for await (const bytes of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      done += bytes.length;
      if (done > DOWNLOAD_MAX) return { text: "it does not end: no kernel is that large", again: false };
      writing(home, () => file.writeAll(bytes));
      progress({ done, total });
    }
    if (total !== undefined && done < total) {
      return {
        text: `the connection broke off after ${done} of ${total} bytes: the next try goes on from there`,
        again: true,
      };
    }
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) throw error; // the disk's
    if (silence.signal.aborted) {
      return { text: `the server said nothing for ${SILENCE_MS / 1000} seconds: try again later`, again: true };
    }
    const reason = error instanceof Error ? error.message : String(error);
    return { text: `it can't be fetched (${reason}): check the address and the network`, again: true };
  } finally {
    clearTimeout(timer);
  }
}

function refused(status: number): Problem {
  const text =
    status === 404
      ? "there is no such file on the server (404): check the address"
      : `the server refuses it with status ${status}`;
  return { text, again: status >= 500 };
}

/** RFC 9110, 13.1.5: only a strong validator lets a download go on. */
function strongVersion(headers: Headers): string {
  const etag = headers.get("etag") ?? "";
  return etag.startsWith('"') ? etag : "";
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8") || undefined;
  } catch {
    return undefined;
  }
}

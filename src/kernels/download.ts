/** Downloads over HTTP that go on where they broke off. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import { ConfigError } from "../config/error.ts";
import { withoutPassword } from "./address.ts";
import { digestOf } from "./digest.ts";
import { lockFolder } from "./draft.ts";
import { withStoreLock } from "./lock.ts";
import type { StorePaths } from "./paths.ts";
import { networkProblem, type Problem, request } from "./request.ts";
import { contentRange, strongValidator } from "./validator.ts";
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
    for (let most = sizeOf(path); ; ) {
      const problem = await fetchRest(url, { path, versionFile: `${folder}/version`, home: paths.home }, progress);
      if (problem === undefined) break;
      // One that gets further each time gets there.
      const now = sizeOf(path);
      tries = now > most ? 1 : tries + 1;
      most = Math.max(most, now);
      if (!problem.again || tries === TRIES) throw new ConfigError("", withoutPassword(url), problem.text);
    }
  } catch (error) {
    // Nothing to go on with.
    if (sizeOf(path) === 0) rmSync(folder, { recursive: true, force: true });
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

/** Where a download goes. */
interface Target {
  readonly path: string;
  /** Has the validator of what is there: another version is not continued. */
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
    const range: Record<string, string> = version ? { Range: `bytes=${there}-`, "If-Range": version } : {};
    const response = await request(url, { ...range, "Accept-Encoding": "identity" }, silence.signal);
    if (!(response instanceof Response)) return response;
    if (response.status === 416) {
      rmSync(path, { force: true });
      return { text: "the server has less than before: try again", again: true };
    }
    if (!response.ok) return refused(response.status);
    const goesOn = response.status === 206;
    const part = goesOn ? contentRange(response.headers) : undefined;
    if (goesOn && !(version !== undefined && part?.start === there && isStill(version, response.headers))) {
      await response.body?.cancel();
      rmSync(path, { force: true });
      return {
        text: "the server sent another part of the file than was asked for: try again",
        again: version !== undefined,
      };
    }
    const start = goesOn ? there : 0;
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = part?.total ?? (Number.isNaN(length) ? undefined : start + length);
    if ((total ?? 0) > DOWNLOAD_MAX) return { text: `it has ${total} bytes: no kernel is that large`, again: false };
    using file = Fd.open(path, O.WRONLY | O.CREAT | (goesOn ? O.APPEND : O.TRUNC), 0o644);
    const validator = goesOn ? version : strongValidator(response.headers);
    // After the old bytes are gone: a kill in between does not make them this version's.
    if (!goesOn) writing(home, () => writeFileSync(versionFile, validator ?? ""));
    let done = start;
    for await (const bytes of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      done += bytes.length;
      if (done > DOWNLOAD_MAX) {
        rmSync(path);
        return { text: "it does not end: no kernel is that large", again: false };
      }
      writing(home, () => file.writeAll(bytes));
      progress({ done, total });
    }
    if (total !== undefined && done < total) {
      const next = validator ? "the next try goes on from there" : "try again";
      return { text: `the connection broke off after ${done} of ${total} bytes: ${next}`, again: true };
    }
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) throw error; // the disk's
    if (silence.signal.aborted) {
      return { text: `the server said nothing for ${SILENCE_MS / 1000} seconds: try again later`, again: true };
    }
    return networkProblem(error);
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

/** A part of another version does not fit, whatever If-Range asked for; not every server repeats the validator. */
function isStill(version: string, headers: Headers): boolean {
  return [version, ""].includes(strongValidator(headers));
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

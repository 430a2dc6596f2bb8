/** Whether a broken-off download may go on: only where the server says that it is still the same file (RFC 9110). */

/** Last-Modified has whole seconds: a file younger than this may have changed twice in one, or by another clock. */
const SETTLED_MS = 60_000;

/** What If-Range can ask with (13.1.5): a strong ETag, or without any a Last-Modified that is as good; "" for neither. */
export function strongValidator(headers: Headers): string {
  const etag = headers.get("etag");
  if (etag !== null) return etag.startsWith('"') ? etag : "";
  const modified = headers.get("last-modified") ?? "";
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(modified);
  return age >= SETTLED_MS ? modified : "";
}

/** What part of a file an answer with status 206 has. */
export interface Part {
  readonly start: number;
  /** Of the whole file; undefined where the server does not know it. */
  readonly total: number | undefined;
}

/** @returns undefined for what says of no one part where it belongs (14.4) */
export function contentRange(headers: Headers): Part | undefined {
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(headers.get("content-range")?.trim() ?? "") ?? [];
  if (start === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), total: total === "*" ? undefined : Number(total) };
}

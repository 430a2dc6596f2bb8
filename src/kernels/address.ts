/** Addresses a kernel can come from. */
import { ConfigError } from "../config/error.ts";

/**
 * The address that a text is; undefined for what is a path.
 * @throws ConfigError for an address that can't be, or that volt does not fetch
 */
export function addressIn(text: string): string | undefined {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  const shown = withoutPassword(text);
  if (scheme === "file") throw new ConfigError("", shown, "give the file's path, without file://");
  if (scheme !== "http" && scheme !== "https") {
    throw new ConfigError("", shown, "volt fetches http:// and https:// only: get the file and give its path");
  }
  if (!URL.canParse(text)) throw new ConfigError("", shown, "this is no address: write https://HOST/FILE");
  return new URL(text).href;
}

/** An address as it may be shown and kept: a user's name and password in it are nobody else's business. */
export function withoutPassword(address: string): string {
  return address.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, "$1");
}

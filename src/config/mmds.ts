/** The metadata service, in the shape of Firecracker's `mmds-config`. */
import * as v from "valibot";
import { deviceId, oneOf } from "./fields.ts";

/** Firecracker's default; and the most: a guest may have a copy on the way for each of its connections to the service. */
export const DEFAULT_MMDS_BYTES = 51_200;
export const MOST_MMDS_BYTES = 2 * 2 ** 20;

const ADDRESS = /^169\.254\.(\d{1,3})\.(\d{1,3})$/;

/** Link-local (RFC 3927): 169.254.1.0 to 169.254.254.255. The networks at its ends are reserved. */
export function isLinkLocal(address: string): boolean {
  const [, third = "", fourth = ""] = ADDRESS.exec(address) ?? [];
  return [third, fourth].every(isByte) && Number(third) >= 1 && Number(third) <= 254;
}

export const DEFAULT_MMDS_ADDRESS = "169.254.169.254";

export const mmdsConfig = v.strictObject({
  /** V2 tells nothing without a session token. */
  version: v.optional(oneOf("V1", "V2"), "V1"),
  /** Whose frames to the address are the service's. */
  network_interfaces: v.pipe(v.array(deviceId), v.minLength(1, "must name an interface")),
  ipv4_address: v.optional(
    v.pipe(v.string(), v.check(isLinkLocal, "must be an IPv4 address from 169.254.1.0 to 169.254.254.255")),
    DEFAULT_MMDS_ADDRESS,
  ),
  /** Answers are text, whatever a client accepts, as EC2's are. */
  imds_compat: v.optional(v.boolean(), false),
});

export type MmdsConfig = v.InferOutput<typeof mmdsConfig>;

function isByte(text: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;
}

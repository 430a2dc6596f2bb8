import manifest from "../package.json" with { type: "json" };

/** volt's version, from package.json. */
export const VERSION: string = manifest.version;

/** The id of a VM that was given none: Firecracker's. */
export const DEFAULT_ID = "anonymous-instance";

/** The Firecracker whose API and command line volt speaks. */
export const FIRECRACKER_VERSION = "1.16.1";

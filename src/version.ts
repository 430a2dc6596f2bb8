import manifest from "../package.json" with { type: "json" };

/** volt's version, from package.json. */
export const VERSION: string = manifest.version;

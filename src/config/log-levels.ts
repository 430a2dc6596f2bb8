/** How much volt says, and how. */
export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export const LOG_FORMATS = ["text", "json"] as const;

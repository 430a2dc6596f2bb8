import type { VmConfig } from "./schema.ts";

/** A VM whose limits can be set while it runs: each device that volt serves itself has a limiter, with no limits so far. */
export function withLimiters(config: VmConfig): VmConfig {
  return {
    ...config,
    drives: config.drives.map((drive) => ({ rate_limiter: {}, ...drive })),
    "network-interfaces": config["network-interfaces"].map((card) =>
      card.vhost ? card : { rx_rate_limiter: {}, tx_rate_limiter: {}, ...card },
    ),
    ...(config.entropy ? { entropy: { rate_limiter: {}, ...config.entropy } } : {}),
  };
}

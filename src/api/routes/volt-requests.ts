/** volt's own requests, by name: who has no machine yet needs no more of them. */
export const VOLT_REQUESTS = [
  "PUT volt/stop",
  "PUT volt/kill",
  "PUT volt/power-button",
  "GET volt/state",
  "GET volt/events",
  "GET volt/console",
  "PUT volt/console",
  "PATCH volt/entropy",
  "GET volt/timeline",
  "GET volt/counters",
  "GET volt/exits",
  "GET volt/metrics",
  "GET volt/sandbox",
] as const;

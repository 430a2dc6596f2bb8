/** A report with each kind of figure that the page has. */
import type { Report } from "../../../../bench/report/result.ts";

export const REPORT: Report = {
  version: 1,
  date: "2026-01-02T03:04:05Z",
  quick: false,
  host: { processor: "<b>a & b</b>" },
  programs: { volt: "volt 0.1.0", qemu: "QEMU" },
  results: [
    {
      ...{ table: "start", title: "Start", place: "this machine", method: "As it is.", absent: ["lkvm"] },
      metrics: [{ name: "life", unit: "ms", better: "less", samples: { volt: [10, 11, 12], qemu: [20, 22, 24] } }],
    },
    {
      ...{ table: "phases", title: "Phases", place: "this machine", method: "As it is.", metrics: [] },
      facts: [["a fact whose name is longer than all of a phone's screen is wide", "with a value of some length"]],
      phases: ["one", "two", "three"].map((name, i) => ({ name, at: [i, i + 1] })),
    },
    {
      ...{ table: "memory", title: "Memory", place: "this machine", method: "As it is." },
      metrics: ["RSS", "PSS", "private and dirty"].map((kind, i) => {
        const samples = { volt: [30 - i, 30 - i], qemu: [40 - i, 40 - i] };
        return { name: `128 MiB guest: ${kind}`, unit: "MiB", better: "less", samples } as const;
      }),
    },
  ],
};

/** What a look at the host found, one line of `volt doctor`. */
export interface Finding {
  /** `KVM`, `Landlock`, `KVM_CAP_IRQFD`. */
  readonly name: string;
  /**
   * - `ok`: there.
   * - `info`: not there, or only a figure; nobody misses it who does not ask for it.
   * - `warn`: volt works, and something is lost.
   * - `fail`: no VM can run, or only with the flag that the mend names.
   */
  readonly status: "ok" | "info" | "warn" | "fail";
  /** What was found, in a few words. */
  readonly found: string;
  /** What volt needs it for. */
  readonly purpose: string;
  /** How to get it, commands included; "" where nothing is to be done. */
  readonly mend: string;
}

/** A finding's fixed part: what is looked at, and what for. */
export type Subject = Pick<Finding, "name" | "purpose">;

export function ok(subject: Subject, found: string): Finding {
  return { ...subject, status: "ok", found, mend: "" };
}

export function lacking(
  subject: Subject,
  status: Exclude<Finding["status"], "ok">,
  found: string,
  mend: string,
): Finding {
  return { ...subject, status, found, mend };
}

/** Whether a VM can run on a host where this was found. */
export function canRun(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "fail");
}

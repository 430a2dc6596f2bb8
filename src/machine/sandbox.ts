/** The sandbox as the machine sees it: stage two makes sure of what stage one set up, and adds the filters. */
import { placeFilter } from "../../ffi/seccomp/filter.ts";
import { SeccompTrap } from "../../ffi/seccomp/trap.ts";
import { OUTCOME_VARIABLE } from "../security/enter.ts";
import { apply } from "../security/seccomp/apply.ts";
import { auditLines } from "../security/seccomp/audit.ts";
import { Filters } from "../security/seccomp/filters.ts";
import type { Rule } from "../security/seccomp/rule.ts";
import { verifyConfinement } from "../security/verify.ts";
import type { MachineLog } from "./log.ts";
import type { Plan } from "./plan.ts";
import type { MachineState } from "./state.ts";

export class MachineSandbox {
  readonly #log: MachineLog;
  /** undefined without seccomp. */
  readonly #filters: Filters | undefined;
  readonly #trap: SeccompTrap | undefined;
  readonly #isAudit: boolean;
  /** Where the filter of the vCPUs' threads is; undefined without seccomp. */
  readonly vcpuFilter: number | undefined;

  /**
   * From here on no thread of this process opens a file by name or starts a program.
   * @param forbiddenCallStatus what a forbidden call ends volt with; 128 + SIGSYS without one
   * @throws ConfigError: without its sandbox nothing starts
   */
  constructor(
    { config, sandbox: demands, log: logFd }: Plan,
    deviceRules: readonly Rule[],
    log: MachineLog,
    forbiddenCallStatus?: number,
  ) {
    const { mode, seccomp, landlock, namespaces } = config.volt.sandbox;
    this.#log = log;
    const found = verifyConfinement(demands, process.env[OUTCOME_VARIABLE] ?? "");
    if (!seccomp) log.warn("--no-seccomp: a guest that takes over volt can make any system call");
    if (!landlock) log.warn("--no-landlock: a guest that takes over volt can open files");
    if (namespaces === "off")
      log.warn("--no-namespaces: a guest that takes over volt sees the host's root and network");
    if (found?.missing !== undefined) log.info(`no namespaces here (${found.missing}): the other layers hold alone`);
    else if (found?.rootMissing !== undefined) log.info(`no root folder of its own here (${found.rootMissing})`);

    this.#isAudit = seccomp && mode === "audit";
    if (!seccomp) return;
    this.#trap = this.#isAudit
      ? SeccompTrap.audit()
      : SeccompTrap.enforce(logFd, trapWords(config.logger.format), forbiddenCallStatus);
    this.#filters = new Filters(process.pid, deviceRules, this.#isAudit ? this.#trap.auditReturn : undefined);
    apply(this.#filters.program("common"), "every thread");
    // For other threads, which then need not make their own.
    this.vcpuFilter = placeFilter(this.#filters.program("vcpu"));
    if (this.#isAudit) log.warn("--sandbox audit: a forbidden system call is listed at the end, and made");
  }

  /** The main thread has built the machine: what it was for is over. */
  tightenMain(): void {
    if (this.#filters) apply(this.#filters.program("main"), "this thread");
  }

  /** Forbidden calls that an audit has seen; others are seen once. */
  get forbiddenCalls(): number {
    return this.#isAudit ? (this.#trap?.audited().count ?? 0) : 0;
  }

  /** Lists what an audit found. */
  report(state: MachineState, vcpus: number): void {
    if (!this.#isAudit || !this.#trap) return;
    const names = new Map([[process.pid, "main"]]);
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      const runner = state.runner(vcpu);
      if (runner) names.set(runner.threadId, `vcpu ${vcpu}`);
    }
    const lines = auditLines(this.#trap.audited(), (id) => names.get(id) ?? "a thread of Bun's");
    this.#log.warn(`audit: ${lines.length === 0 ? "nothing was forbidden" : `forbidden: ${lines.join("; ")}`}`);
  }
}

function trapWords(format: "text" | "json"): { prefix: string; middle: string; suffix: string } {
  const why = ", ...), which the sandbox forbids (see volt sandbox show)";
  const middle = " called ";
  if (format === "json") {
    return { prefix: '{"level":"error","message":"sandbox: the thread ', middle, suffix: `${why}"}\n` };
  }
  return { prefix: "volt: sandbox: the thread ", middle, suffix: `${why}\n` };
}

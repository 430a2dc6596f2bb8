/** The sandbox as the machine sees it: stage two makes sure of what stage one set up, and adds the filters. */
import { SeccompTrap } from "../../ffi/seccomp/trap.ts";
import { OUTCOME_VARIABLE } from "../security/enter.ts";
import { apply, prepare } from "../security/seccomp/apply.ts";
import { auditLines } from "../security/seccomp/audit.ts";
import { type Profiles, profiles } from "../security/seccomp/profiles.ts";
import type { Rule } from "../security/seccomp/rule.ts";
import { verifyConfinement } from "../security/verify.ts";
import type { MachineLog } from "./log.ts";
import type { Plan } from "./plan.ts";
import type { MachineState } from "./state.ts";

export class MachineSandbox {
  readonly #log: MachineLog;
  readonly #profiles: Profiles;
  readonly #trap: SeccompTrap | undefined;
  /** Where an audit's handler makes its calls. */
  readonly #auditReturn: number | undefined;
  /** Where the filter of the vCPUs' threads is; undefined without seccomp. */
  readonly vcpuFilter: number | undefined;

  /**
   * From here on no thread of this process opens a file by name or starts a program.
   * @throws ConfigError: without its sandbox nothing starts
   */
  constructor({ config, sandbox: demands, log: logFd }: Plan, deviceRules: readonly Rule[], log: MachineLog) {
    const { mode, seccomp, landlock, namespaces } = config.volt.sandbox;
    this.#log = log;
    const found = verifyConfinement(demands, process.env[OUTCOME_VARIABLE] ?? "");
    if (!seccomp) log.warn("--no-seccomp: a guest that takes over volt can make any system call");
    if (!landlock) log.warn("--no-landlock: a guest that takes over volt can open files");
    if (namespaces === "off")
      log.warn("--no-namespaces: a guest that takes over volt sees the host's root and network");
    if (found?.missing !== undefined) log.info(`no namespaces here (${found.missing}): the other layers hold alone`);
    else if (found?.rootMissing !== undefined) log.info(`no root folder of its own here (${found.rootMissing})`);

    this.#profiles = profiles(process.pid, deviceRules);
    if (!seccomp) return;
    const isAudit = mode === "audit";
    this.#trap = isAudit ? SeccompTrap.audit() : SeccompTrap.enforce(logFd, trapWords(config.logger.format));
    this.#auditReturn = isAudit ? this.#trap.auditReturn : undefined;
    apply(this.#profiles.common, "every thread", this.#auditReturn);
    this.vcpuFilter = prepare(this.#profiles.vcpu, this.#auditReturn);
    if (isAudit) log.warn("--sandbox audit: a forbidden system call is listed at the end, and made");
  }

  /** The main thread has built the machine: what it was for is over. */
  tightenMain(): void {
    if (this.#trap) apply(this.#profiles.main, "this thread", this.#auditReturn);
  }

  /** Forbidden calls that an audit has seen; others are seen once. */
  get forbiddenCalls(): number {
    return this.#auditReturn === undefined ? 0 : (this.#trap?.audited().count ?? 0);
  }

  /** Lists what an audit found. */
  report(state: MachineState, vcpus: number): void {
    if (this.#auditReturn === undefined || !this.#trap) return;
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

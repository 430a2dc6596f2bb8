/**
 * The filter of each kind of thread. The common one is put over all threads as stage two's first act, before it reads a
 * byte of the guest's kernel; each vCPU gets a tighter one on top before it runs, the main thread before it does anything
 * for the guest. A call has to pass every filter of its thread.
 */
import { Ioctl } from "../../../ffi/kvm/ioctls.ts";
import { TERMINAL_REQUESTS } from "../../../ffi/terminal.ts";
import { allow, type Profile, type Rule, requests } from "./rule.ts";
import { descriptorRules, lineRules, runtimeRules, stopRule } from "./runtime.ts";

export interface Profiles {
  readonly common: Profile;
  readonly main: Profile;
  readonly vcpu: Profile;
}

/** @param devices what they need while a guest runs */
export function profiles(pid: number, devices: readonly Rule[]): Profiles {
  const terminal = allow("the console's terminal: raw mode and back, its size", "ioctl", requests(TERMINAL_REQUESTS));
  const interrupts = allow("the guest's interrupt lines", "ioctl", requests({ KVM_IRQ_LINE }));
  const [runtime, lines] = [runtimeRules(pid), lineRules()];
  const mains = [terminal, ...devices, ...runtime, ...descriptorRules(), ...lines, stopRule(pid)];
  return {
    common: {
      thread: "every thread",
      rules: [
        allow("KVM: each request that volt knows", "ioctl", requests(EVERY_REQUEST)),
        ...mains,
        allow("the filters for single threads", "seccomp"),
        allow("a vCPU's thread goes to the CPU it was given", "sched_setaffinity"),
        allow("a vCPU's thread, when all is over", "pause"),
      ],
    },
    main: { thread: "main", rules: [interrupts, ...mains] },
    vcpu: {
      thread: "vcpu",
      rules: [
        allow(
          "runs the guest, interrupts it, tells its clock of pauses; the rest tells of one that can't go on",
          "ioctl",
          requests(VCPU_REQUESTS),
        ),
        ...runtime,
        ...lines,
        allow("wakes go out by eventfd, problems to the log", "write"),
        allow("the end of a pause comes by eventfd", "read"),
        allow("when all is over", "pause"),
      ],
    },
  };
}

const { KVM_RUN, ...OTHER_REQUESTS } = Ioctl;
const { KVM_IRQ_LINE, KVM_GET_REGS, KVM_GET_SREGS, KVM_TRANSLATE, KVM_KVMCLOCK_CTRL } = OTHER_REQUESTS;
/** The one of every exit first: a filter compares in this order. */
const EVERY_REQUEST = { KVM_RUN, ...OTHER_REQUESTS };
const VCPU_REQUESTS = { KVM_RUN, KVM_IRQ_LINE, KVM_GET_REGS, KVM_GET_SREGS, KVM_TRANSLATE, KVM_KVMCLOCK_CTRL };

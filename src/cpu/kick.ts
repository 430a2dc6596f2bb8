/** Gets a vCPU out of KVM_RUN from another thread. */
import { setImmediateExit } from "../../ffi/kvm/run.ts";
import { kickThread } from "../../ffi/process.ts";

/** Where a vCPU runs. */
export interface Runner {
  readonly threadId: number;
  /** Host address of its kvm_run. */
  readonly runAddress: number;
}

/**
 * Makes KVM_RUN come back, whether the vCPU runs guest code, is halted, or is just about to enter: `immediate_exit` is
 * for the last case, the signal for the others. State the loop is to see must be set before. The thread's signal handler
 * is `installKick`'s.
 * @returns false when the thread is gone
 */
export function kick({ threadId, runAddress }: Runner): boolean {
  setImmediateExit(runAddress);
  return kickThread(threadId);
}

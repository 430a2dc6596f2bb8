import { describe, expect, test } from "bun:test";
import { Errno } from "../../../ffi/error.ts";
import { Exit } from "../../../ffi/kvm/exits.ts";
import type { Vcpu } from "../../../ffi/kvm/vcpu.ts";
import { ExitKind } from "../../../src/cpu/exit-counters.ts";
import { VcpuLoop } from "../../../src/cpu/loop.ts";
import type { MmioBus, PortBus } from "../../../src/devices/bus.ts";

/** What KVM_RUN comes back with: an exit's reason, or an error. */
type Step = keyof typeof Exit | { readonly error: number } | "stop";

/** Runs the loop over these steps; `stop` makes the machine stop before the next look. */
function runLoop(steps: readonly Step[], serve: () => void = () => {}, how: "run" | "settle" = "run") {
  const left = [...steps];
  const state = { exitReason: 0, immediateExit: true };
  const faults: unknown[] = [];
  const served = { ports: 0, mmio: 0 };
  /** immediate_exit, at each KVM_RUN. */
  const entered: boolean[] = [];
  let stopped = false;
  const vcpu = {
    state,
    run() {
      let step = left.shift();
      if (step === "stop") {
        stopped = true;
        step = left.shift();
      }
      if (step === undefined) throw new Error("the loop ran on after its last step");
      entered.push(state.immediateExit);
      if (typeof step === "object") return -step.error;
      state.exitReason = Exit[step as keyof typeof Exit];
      return 0;
    },
  };
  const bus = (kind: keyof typeof served) => ({
    serve() {
      served[kind]++;
      serve();
    },
  });
  const control = {
    get stopped() {
      return stopped;
    },
    deviceFault: (error: unknown) => faults.push(error),
  };
  const [ports, mmio] = [bus("ports") as unknown as PortBus, bus("mmio") as unknown as MmioBus];
  const loop = new VcpuLoop(vcpu as unknown as Vcpu, ports, mmio, control);
  const end = loop[how]();
  return { end, error: loop.error, exits: loop.exits, served, faults, state, left, entered };
}

test("serves port and memory accesses until the machine stops", () => {
  const { end, served, exits } = runLoop(["KVM_EXIT_IO", "KVM_EXIT_MMIO", "KVM_EXIT_IO", "stop", "KVM_EXIT_IO"]);
  expect(end).toBe("stopped");
  expect(served).toEqual({ ports: 3, mmio: 1 });
  expect([exits.served, exits.of(ExitKind.IO_IN), exits.of(ExitKind.MMIO_READ)]).toEqual([4, 3, 1]);
});

test.each(["EINTR", "EAGAIN"] as const)("%s is tried again, with immediate_exit cleared", (name) => {
  const { end, exits, state } = runLoop([{ error: Errno[name] }, "KVM_EXIT_SHUTDOWN"]);
  expect(end).toBe("triple fault");
  expect(exits.interrupted).toBe(1);
  expect(state.immediateExit).toBe(false);
});

test("a kick after the machine stopped is the last that is heard of KVM_RUN", () => {
  const { end, left } = runLoop(["stop", { error: Errno.EINTR }, "KVM_EXIT_IO"]);
  expect([end, left]).toEqual(["stopped", ["KVM_EXIT_IO"]]);
});

test.each(["KVM_EXIT_INTR", "KVM_EXIT_IRQ_WINDOW_OPEN"] as const)("%s asks for nothing", (reason) => {
  expect(runLoop([reason, "KVM_EXIT_SYSTEM_EVENT"]).end).toBe("shutdown event");
});

test.each([
  "KVM_EXIT_UNKNOWN",
  "KVM_EXIT_EXCEPTION",
  "KVM_EXIT_HYPERCALL",
  "KVM_EXIT_HLT",
  "KVM_EXIT_FAIL_ENTRY",
  "KVM_EXIT_INTERNAL_ERROR",
] as const)("%s can't be served", (reason) => {
  expect(runLoop([reason])).toMatchObject({ end: "failure", error: 0 });
});

test("an error of KVM_RUN itself ends it, and is kept", () => {
  expect(runLoop([{ error: Errno.EFAULT }])).toMatchObject({ end: "failure", error: Errno.EFAULT });
});

describe("a device that throws", () => {
  test.each(["KVM_EXIT_IO", "KVM_EXIT_MMIO"] as const)("at %s is reported, and the guest goes on", (reason) => {
    const fault = new Error("a device's own mistake");
    const { end, faults } = runLoop([reason, reason, "KVM_EXIT_SHUTDOWN"], () => {
      throw fault;
    });
    expect([end, faults]).toEqual(["triple fault", [fault, fault]]);
  });
});

describe("settling", () => {
  const settle = (...steps: Step[]) => runLoop(steps, () => {}, "settle");

  test("lets KVM finish the last access without entering the guest", () => {
    const { end, served, state, entered } = settle({ error: Errno.EINTR });
    expect([end, state.immediateExit, entered]).toEqual(["stopped", false, [true]]);
    expect(served).toEqual({ ports: 0, mmio: 0 });
  });

  test("serves every further access of the same instruction", () => {
    const { served, entered } = settle("KVM_EXIT_MMIO", "KVM_EXIT_IO", { error: Errno.EINTR });
    expect(served).toEqual({ ports: 1, mmio: 1 });
    expect(entered).toEqual([true, true, true]);
  });

  test("of a vCPU that waits to be started is done when KVM says so", () => {
    expect(settle({ error: Errno.EAGAIN }).end).toBe("stopped");
  });

  test("can be the machine's end", () => {
    expect(settle("KVM_EXIT_SHUTDOWN").end).toBe("triple fault");
    expect(settle({ error: Errno.EFAULT })).toMatchObject({ end: "failure", error: Errno.EFAULT });
  });
});

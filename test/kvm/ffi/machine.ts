/** A VM without a guest, for tests of the calls themselves. */
import { Kvm } from "../../../ffi/kvm/system.ts";
import type { Vm } from "../../../ffi/kvm/vm.ts";

/** Gives a new VM to `use`, and closes it afterwards. */
export function withVm(use: (vm: Vm) => void): void {
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  use(vm);
}

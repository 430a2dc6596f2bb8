import { Kvm } from "../../ffi/kvm/system.ts";
import { readFileSync } from "node:fs";
const keeper = process.argv[2] === "keep" ? Kvm.open().createVm() : undefined;
void keeper;
const step = (s: string) => process.stderr.write(s);
for (let i = 0; i < 150; i++) {
  step(`\n${i} `);
  using kvm = Kvm.open(); step("open ");
  const vm = kvm.createVm(); step("vm ");
  const vcpu = vm.createVcpu(0); step("vcpu ");
  if (process.argv[2] === "maps") { readFileSync("/proc/self/maps", "utf8"); step("maps "); }
  vcpu[Symbol.dispose](); step("vcpu- ");
  vm[Symbol.dispose](); step("vm- ");
}

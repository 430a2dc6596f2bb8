/**
 * Stage two: builds the VM that the plan describes and runs it. Each step is one function of another part; this file is
 * the order they happen in.
 */
import { CrashGuard } from "../../ffi/crash-guard.ts";
import { Fd } from "../../ffi/fd.ts";
import { Kvm } from "../../ffi/kvm/system.ts";
import type { Vm } from "../../ffi/kvm/vm.ts";
import { disownChildren, nameThread } from "../../ffi/process.ts";
import { blockSignals, installKick } from "../../ffi/signal.ts";
import { ConfigError } from "../config/error.ts";
import { MmdsStore } from "../devices/mmds/store.ts";
import { type CreatedDevices, createDevices, deviceKinds, deviceRules } from "../devices/virtio/registry.ts";
import { GuestMemory } from "../memory/guest.ts";
import { MIB } from "../memory/regions.ts";
import { type Counts, newCounts } from "../observe/metrics/counts.ts";
import { Timeline } from "../observe/timeline.ts";
import type { Rule } from "../security/seccomp/rule.ts";
import { MachineBlock } from "./block.ts";
import { bootGuest } from "./boot-guest.ts";
import { resetChips } from "./chips.ts";
import { hasAcpi } from "./command-line.ts";
import { ExitRecords } from "./exit-records.ts";
import type { Face } from "./face.ts";
import { writeHandover } from "./handover.ts";
import { MMIO, virtioWindows } from "./layout.ts";
import { createLines, InterruptLines, line } from "./lines.ts";
import { machineLog } from "./log.ts";
import { MainLoop } from "./main-loop.ts";
import { type Plan, readPlan } from "./plan.ts";
import { filterMsrs, Processors } from "./processors.ts";
import { MachineSandbox } from "./sandbox.ts";
import { SERVICE_RULES } from "./service-rules.ts";
import { MachineState } from "./state.ts";
import { VcpuPause } from "./threads/pause.ts";
import { VcpuThreads } from "./threads/start.ts";
import { userLand } from "./user-land.ts";
import { connectVirtio, describeVirtio } from "./virtio/set-up.ts";

/**
 * @param planNumber the descriptor of the sealed plan
 * @param firstLineNs when this stage's first line ran
 * @param faceOf who volt is in this life
 */
export async function startMachine(
  planNumber: number,
  firstLineNs: number,
  faceOf: (plan: Plan, counts: Counts) => Promise<Face>,
): Promise<never> {
  installKick();
  // PID 1 of a namespace has some, its orphans; so has a volt that a shell became by exec.
  disownChildren();
  const plan = readPlan(planNumber);
  new Fd(planNumber, "the plan").close();
  const counts = plan.counts ?? newCounts();
  const face = await faceOf(plan, counts);
  blockSignals(face.signals);
  nameThread(face.threads.main);
  const kinds = await deviceKinds(plan.config);
  const rules = [
    ...deviceRules(kinds, plan.config, face.serve !== undefined),
    ...(face.serve ? SERVICE_RULES : []),
    ...(face.rules ?? []),
  ];
  const mmds = new MmdsStore(plan.config.volt.mmds_size_limit, plan.metadata);
  const created = createDevices(kinds, plan.config, plan.devices, { mmds });
  try {
    return runMachine({ plan, face, created, mmds, rules, counts, firstLineNs });
  } catch (error) {
    for (const device of created.devices) device.close?.();
    face.failed(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

interface Beginning {
  readonly plan: Plan;
  readonly face: Face;
  readonly created: CreatedDevices;
  readonly mmds: MmdsStore;
  readonly rules: readonly Rule[];
  readonly counts: Counts;
  readonly firstLineNs: number;
}

function runMachine({ plan, face, created, mmds, rules, counts, firstLineNs }: Beginning): never {
  const { config } = plan;
  const { devices, modules, furtherModules } = created;
  const { vcpu_count: cpus, mem_size_mib, huge_pages } = config["machine-config"];

  const logOptions = { fd: plan.log, level: config.logger.level, format: config.logger.format };
  const crashGuard = plan.stdin.isTerminal ? new CrashGuard() : undefined;
  const sandbox = new MachineSandbox(plan, rules, machineLog(logOptions), face.forbiddenCallStatus);
  const block = MachineBlock.create();
  const lines = createLines(devices);
  const state = new MachineState(block.part("control"), () => line(lines.wake).raise());
  const log = machineLog(logOptions, state);
  for (const { name, notes = [] } of devices) for (const note of notes) log.info(`${name}: ${note}`);
  const tracing = config.logger.level === "trace";
  const recording = tracing || plan.trace !== undefined || face.serve !== undefined || face.booted !== undefined;
  const timeline = new Timeline(block.part("timeline"), recording, tracing ? log.phase : undefined);
  timeline.restore(plan.stamps);
  if (tracing) for (const mark of timeline.marks()) log.phase(mark);
  timeline.mark("second stage's first line", firstLineNs);
  timeline.mark("plan read");

  const land = userLand(plan);
  resetChips(block, land.hasOwnInit);
  describeVirtio(devices, block);
  const exitRecords = plan.trace === undefined ? undefined : new ExitRecords(cpus);
  const threads = new VcpuThreads();
  for (let vcpu = 0; vcpu < cpus; vcpu++) {
    const hostCpu = plan.processors.hostCpus?.[vcpu % plan.processors.hostCpus.length];
    threads.start({
      vcpu,
      name: `${face.threads.vcpu} ${vcpu}`,
      block: block.address,
      lines,
      timeline: recording,
      timesExits: plan.metrics !== undefined,
      exitRecord: exitRecords?.address(vcpu),
      log: logOptions,
      hostCpu,
      filter: sandbox.vcpuFilter,
    });
  }
  timeline.mark("vCPU threads started");

  const kvm = new Kvm(new Fd(plan.kvm, "/dev/kvm"));
  if (!kvm.apiIsStable)
    throw new ConfigError("", "/dev/kvm", `KVM API ${kvm.apiVersion()}, volt needs 12: update the host's kernel`);
  timeline.mark("KVM initialised");
  const vm = kvm.createVm();
  // First of all: once KVM has taken a chip or an eventfd, this waits up to 10 ms for a grace period, and so do slots.
  if (!filterMsrs(kvm, vm, plan.processors))
    log.warn("this host's KVM filters no MSRs: the guest reaches all it emulates");
  timeline.mark("VM created");
  const processors = new Processors(kvm, cpus, plan.processors);
  timeline.mark("CPUID configured");
  const memory = GuestMemory.create(mem_size_mib * 2 ** 20, huge_pages === "2M" ? "hugepages" : "normal");
  plugMemory(vm, memory);
  timeline.mark("guest memory allocated");
  createChips(vm);
  const readOnlySlots = kvm.capability("KVM_CAP_READONLY_MEM") !== 0;
  connectVirtio(
    vm,
    lines,
    block,
    devices.map(({ interruptsOften = false }) => readOnlySlots && interruptsOften),
  );
  timeline.mark("chips created");
  const features = processors.cpuid(0).find(({ leaf }) => leaf === 1)!;
  const guest = bootGuest(plan, memory, features, virtioWindows(devices.length), {
    load: modules,
    offer: furtherModules,
  });
  timeline.mark("kernel loaded");
  log.info(
    `kernel ${plan.kernel.name} at 0x${guest.kernel.address.toString(16)}, entry 0x${Number(guest.entry.registers.rip).toString(16)}: ${guest.why}`,
  );
  log.debug(`command line: ${guest.commandLine}`);

  const main = new MainLoop({
    plan,
    face,
    block,
    lines,
    interrupts: new InterruptLines(vm.fd.number),
    state,
    timeline,
    counts,
    exitRecords,
    log,
    hasAcpi: hasAcpi(guest.commandLine),
    framesInput: land.ownInitStays,
    memory,
    devices,
    mmds,
    crashGuard,
    sandbox,
    vcpus: new VcpuPause(state, threads.go, lines.paused),
  });
  timeline.mark("serial console");
  const vcpus = Array.from({ length: cpus }, (_, id) => processors.create(vm, id, guest.entry));
  writeHandover(block.part("handover"), {
    vm: vm.fd.number,
    regions: memory.regions,
    vcpus,
    runSize: kvm.vcpuMmapSize(),
  });
  timeline.mark("vCPU configured");
  log.info("VM is running");
  timeline.mark("VM is running");
  closeSetUp(plan, kvm);
  const service = face.serve && main.serve(face.serve);
  threads.release();
  service?.started();
  face.started?.();
  main.flushMetrics();
  // The guest runs from here on, and this thread does nothing for it before its own filter is up.
  vm.loseLateTicks();
  sandbox.tightenMain();
  return main.run();
}

/** What was only needed to build the machine: who takes over volt shall not find it. */
function closeSetUp({ kernel, initrd, modules }: Plan, kvm: Kvm): void {
  kvm.fd.close();
  for (const file of [kernel, initrd, modules]) if (file) new Fd(file.fd, file.name).close();
}

/** What KVM emulates. */
function createChips(vm: Vm): void {
  vm.setTssAddress(MMIO.tss);
  vm.setIdentityMapAddress(MMIO.identityMap);
  vm.createIrqChip();
  vm.maskPics();
  vm.createPit();
}

function plugMemory(vm: Vm, memory: GuestMemory): void {
  try {
    memory.regions.forEach(({ address, size, hostAddress }, slot) => {
      vm.setMemorySlot({ slot, guestAddress: address, hostAddress, size });
    });
  } catch (error) {
    // Each KVM has its own bounds: pages a slot, bits of a guest-physical address.
    const why = error instanceof Error ? error.message : error;
    throw new ConfigError("", "--memory", `this host's KVM takes no ${memory.size / MIB} MiB: ask for less (${why})`);
  }
}

/**
 * The state machine of a microVM in Firecracker's place, as its API shows it, small enough to be believed; and the requests
 * that walk it. What answers is the real thing: the routes alone, or a whole volt behind a socket.
 */
import fc from "fast-check";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What the requests may name. */
export interface World {
  readonly kernel: string;
  /** Files that a disk may have. */
  readonly files: readonly string[];
  /** One that it may not, while the machine runs. */
  readonly closed: string;
  /** Guest memory below which its kernel begins, in MiB: a guest that has no more can't be started. */
  readonly kernelMib: number;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
}

interface Limiter {
  readonly size: number;
  readonly refill_time: number;
}

/** What the API must say of the machine. */
export class Model {
  state: "Not started" | "Running" | "Paused" = "Not started";
  machine = { vcpu_count: 1, mem_size_mib: 128 };
  hasKernel = false;
  readonly drives = new Map<string, { path: string; isRoot: boolean; ops: Limiter | undefined }>();
  balloon: { mib: number; seconds: number; hints: boolean } | undefined;
  hasEntropy = false;

  get isStarted(): boolean {
    return this.state !== "Not started";
  }
}

/** A request, when it is taken, and what it then does to the model. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly isTaken: (model: Model) => boolean;
  readonly effect?: (model: Model) => void;
  /** Of a GET that is taken. */
  readonly answer?: (model: Model) => unknown;
}

const IDS = ["a", "b", "c"];
const id = fc.constantFrom(...IDS);

/** All that there is to ask, right and wrong, in every state. */
export function requests(world: Omit<World, "ask">): fc.Arbitrary<Request> {
  const file = fc.constantFrom(...world.files);
  // A walk that ends before its machine starts, or starts it without disks, says little.
  const some = (weight: number, arbitraries: readonly fc.Arbitrary<Request>[]) =>
    arbitraries.map((arbitrary) => ({ weight, arbitrary }));
  return fc.oneof(
    ...some(1, before()),
    ...some(9, [drive(file)]),
    ...some(3, [boot(world.kernel), fc.constant(start(world.kernelMib))]),
    ...some(2, after(file, world.closed)),
    ...some(1, always()),
  );
}

function before(): fc.Arbitrary<Request>[] {
  const machine = fc.record({ vcpu_count: fc.constantFrom(0, 1, 2, 33), mem_size_mib: fc.constantFrom(0, 32, 33) });
  const isMachine = ({ vcpu_count, mem_size_mib }: Model["machine"], { balloon }: Model) =>
    vcpu_count >= 1 && vcpu_count <= 32 && mem_size_mib > 0 && (balloon?.mib ?? 0) <= mem_size_mib;
  return [
    machine.map((body) => ({
      ...put("/machine-config", body, (model) => isMachine(body, model)),
      effect: (model) => {
        model.machine = body;
      },
    })),
    fc.constantFrom(0, 16, 64).map((mem_size_mib) => ({
      ...put("/machine-config", { mem_size_mib }, (model) => isMachine({ ...model.machine, mem_size_mib }, model)),
      method: "PATCH",
      effect: (model) => {
        model.machine = { ...model.machine, mem_size_mib };
      },
    })),
    fc
      .record({ mib: fc.constantFrom(0, 8, 1000), seconds: fc.constantFrom(0, 5), hints: fc.boolean() })
      .map((balloon) => ({
        ...put(
          "/balloon",
          {
            amount_mib: balloon.mib,
            deflate_on_oom: true,
            stats_polling_interval_s: balloon.seconds,
            free_page_hinting: balloon.hints,
          },
          ({ machine }) => balloon.mib <= machine.mem_size_mib,
        ),
        effect: (model) => {
          model.balloon = { ...balloon };
        },
      })),
    fc.constantFrom({}, { rate_limiter: { size: 64, refill_time: 100 } }, { path: "x" }).map((body) => {
      return put("/serial", body, () => !("path" in body));
    }),
    fc.constant({
      ...put("/entropy", {}, () => true),
      effect: (model: Model) => {
        model.hasEntropy = true;
      },
    }),
  ];
}

function drive(file: fc.Arbitrary<string>): fc.Arbitrary<Request> {
  return fc.tuple(id, id, file, fc.boolean()).map(([drive_id, other, path_on_host, is_root_device]) => {
    const body = { drive_id, path_on_host, is_root_device };
    const isTaken = ({ drives }: Model) =>
      other !== "c" && !(is_root_device && [...drives].some(([key, { isRoot }]) => isRoot && key !== drive_id));
    return {
      // Now and then the path names another than the body.
      ...put(`/drives/${other === "c" ? `${drive_id}x` : drive_id}`, body, isTaken),
      effect: ({ drives }) => drives.set(drive_id, { path: path_on_host, isRoot: is_root_device, ops: undefined }),
    };
  });
}

function boot(kernel: string): fc.Arbitrary<Request> {
  return fc.constantFrom(kernel, kernel, `${kernel}-none`).map((kernel_image_path) => ({
    ...put("/boot-source", { kernel_image_path }, () => kernel_image_path === kernel),
    effect: (model) => {
      model.hasKernel = true;
    },
  }));
}

function start(kernelMib: number): Request {
  return {
    // No two disks have one file, and the kernel has room.
    ...put("/actions", { action_type: "InstanceStart" }, (model) => {
      const hasRoom = model.machine.mem_size_mib > kernelMib;
      return model.hasKernel && hasRoom && new Set(paths(model)).size === model.drives.size;
    }),
    effect: (model) => {
      model.state = "Running";
    },
  };
}

const paths = ({ drives }: Model) => [...drives.values()].map(({ path }) => path);

function after(file: fc.Arbitrary<string>, closed: string): fc.Arbitrary<Request>[] {
  const ops = fc.record({ size: fc.constantFrom(0, 10), refill_time: fc.constantFrom(0, 100) });
  return [
    fc.constantFrom("Paused", "Resumed", "Gone").map((state) => ({
      ...patch("/vm", { state }, () => state !== "Gone"),
      effect: (model) => {
        model.state = state === "Paused" ? "Paused" : "Running";
      },
    })),
    fc.tuple(id, fc.oneof(file, fc.constant(closed))).map(([drive_id, path_on_host]) => ({
      // No two disks have one file.
      ...patch(`/drives/${drive_id}`, { drive_id, path_on_host }, (model) => {
        const own = model.drives.get(drive_id);
        return (
          own !== undefined &&
          path_on_host !== closed &&
          (own.path === path_on_host || !paths(model).includes(path_on_host))
        );
      }),
      effect: ({ drives }) => drives.set(drive_id, { ...drives.get(drive_id)!, path: path_on_host }),
    })),
    fc.tuple(id, ops).map(([drive_id, limit]) => ({
      ...patch(`/drives/${drive_id}`, { drive_id, rate_limiter: { ops: limit } }, ({ drives }) => drives.has(drive_id)),
      effect: ({ drives }) => {
        const isNone = limit.size === 0 || limit.refill_time === 0;
        drives.set(drive_id, { ...drives.get(drive_id)!, ops: isNone ? undefined : limit });
      },
    })),
    fc.constantFrom(0, 4, 2000).map((amount_mib) => ({
      ...patch(
        "/balloon",
        { amount_mib },
        ({ balloon, machine }) => balloon !== undefined && amount_mib <= machine.mem_size_mib,
      ),
      effect: (model) => {
        model.balloon!.mib = amount_mib;
      },
    })),
    fc.constantFrom(0, 7).map((stats_polling_interval_s) => ({
      ...patch("/balloon/statistics", { stats_polling_interval_s }, ({ balloon }) => {
        return balloon !== undefined && (balloon.seconds === 0) === (stats_polling_interval_s === 0);
      }),
      effect: (model) => {
        model.balloon!.seconds = stats_polling_interval_s;
      },
    })),
    fc.constantFrom("start", "stop").map((what) => patch(`/balloon/hinting/${what}`, undefined, hasHints)),
    fc.constant({ method: "GET", path: "/balloon/hinting/status", isTaken: (m: Model) => m.isStarted && hasHints(m) }),
    fc.constant({
      method: "GET",
      path: "/balloon/statistics",
      isTaken: (model: Model) => model.isStarted && (model.balloon?.seconds ?? 0) > 0,
    }),
    fc.constant(patch("/volt/entropy", { rate_limiter: {} }, ({ hasEntropy }) => hasEntropy)),
    fc.constant({
      ...patch("/actions", { action_type: "SendCtrlAltDel" }, () => true),
      method: "PUT",
    }),
  ];
}

const hasHints = ({ balloon }: Model) => balloon?.hints === true;

function always(): fc.Arbitrary<Request>[] {
  const never = () => false;
  return [
    fc.constant({
      method: "GET",
      path: "/machine-config",
      isTaken: () => true,
      answer: ({ machine }: Model) => machine,
    }),
    fc.constant({
      method: "GET",
      path: "/balloon",
      isTaken: ({ balloon }: Model) => balloon !== undefined,
      answer: ({ balloon }: Model) => ({ amount_mib: balloon!.mib, stats_polling_interval_s: balloon!.seconds }),
    }),
    fc
      .constantFrom<[string, string, unknown]>(
        ["PUT", "/snapshot/create", {}],
        ["PUT", "/hotplug/memory", {}],
        ["PATCH", "/pmem/a", {}],
        ["DELETE", "/drives/a", undefined],
        ["PUT", "/nowhere", {}],
        ["GET", "/nowhere", undefined],
        ["PATCH", "/vm", undefined],
        ["PATCH", "/vm", { state: "Paused", x: 1 }],
        ["PUT", "/drives/a-b", { drive_id: "a-b", is_root_device: false }],
        ["PUT", "/actions", { action_type: "Nothing" }],
      )
      .map(([method, path, body]) => ({ method, path, body, isTaken: never })),
  ];
}

function put(path: string, body: unknown, isTaken: Request["isTaken"]): Request {
  return { method: "PUT", path, body, isTaken: (model) => !model.isStarted && isTaken(model) };
}

function patch(path: string, body: unknown, isTaken: Request["isTaken"]): Request {
  return { method: "PATCH", path, body, isTaken: (model) => model.isStarted && isTaken(model) };
}

/** Random requests in a random order, against the routes and a machine that does what it is told. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpResponse } from "../../../src/api/http/response.ts";
import { answer, type Routes } from "../../../src/api/router.ts";
import { runningRoutes } from "../../../src/api/routes/running.ts";
import { voltRoutes } from "../../../src/api/routes/volt.ts";
import { newDraft } from "../../../src/firecracker/draft.ts";
import { FirecrackerLog } from "../../../src/firecracker/log.ts";
import { draftRoutes } from "../../../src/firecracker/routes.ts";
import { liveDraft, toVmConfig, vmConfigJson } from "../../../src/firecracker/vm-config.ts";
import type { Method } from "../../../src/http/request-line.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";
import { CLOSED, FakeMachine } from "../../support/api/fake-machine.ts";
import type { World } from "../../support/api/model.ts";
import { walk } from "../../support/api/walk.ts";

const counts = newCounts();
const log = new FirecrackerLog({ id: "test", level: "off" }, counts.log);

/** A start is refused where two disks have one file, as opening them would be. */
function world(named: Omit<World, "ask">): World & AsyncDisposable {
  const draft = newDraft();
  let machine: FakeMachine | undefined;
  let wantsStart = false;
  const before = draftRoutes(draft, log, () => {
    wantsStart = true;
  });
  const start = (): HttpResponse => {
    wantsStart = false;
    const used = draft.drives.map(({ path_on_host }) => path_on_host);
    if (new Set(used).size < used.length) return { status: 400, body: '{"fault_message":"in use"}' };
    machine = new FakeMachine(toVmConfig(draft, "one", []));
    return { status: 204 };
  };
  const running = (control: FakeMachine): Routes => {
    const identity = {
      instance: { id: "one", vmm_version: "1", app_name: "Firecracker" },
      version: {},
      vmConfig: () => vmConfigJson(liveDraft(draft, control)),
    };
    return { ...runningRoutes(control, identity), ...voltRoutes(control, "one") };
  };
  return {
    ...named,
    async ask(method, path, body) {
      const request = { method: method as Method, path, body: body === undefined ? undefined : JSON.stringify(body) };
      const said = answer(request, machine ? running(machine) : before, counts) as HttpResponse;
      const response = wantsStart ? start() : said;
      return { status: response.status, body: response.body === undefined ? undefined : JSON.parse(response.body) };
    },
    async [Symbol.asyncDispose]() {},
  };
}

test("whatever is asked, in whatever order, the API is in the state that the model is in", async () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-walk-"));
  try {
    const files = ["x", "y", "z"].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, "");
    const named = { kernel: import.meta.path, files, closed: `${CLOSED}/file`, kernelMib: 0 };
    const { taken } = await walk(named, async () => world(named), { walks: 200, steps: 60 });
    // Enough of them in each state: a walk that gets nowhere finds nothing.
    for (const state of ["Not started", "Running", "Paused"] as const) expect(taken.get(state)).toBeGreaterThan(10);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

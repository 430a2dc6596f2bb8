/** Walks of the API: each request is answered as the model says, and after it all is as the model has it. */
import { expect } from "bun:test";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { openApi } from "../../../scripts/schemas/documents.ts";
import { Model, type Request, requests, type World } from "./model.ts";
import { SWAGGER } from "./swagger.ts";

export interface WalkOptions {
  /** How many walks, and how long each is at most. */
  readonly walks: number;
  readonly steps: number;
  /** Whether a walk that failed is not walked again and again to find a shorter one. */
  readonly once?: boolean;
  /** For few walks: otherwise the first ones are short, or none. */
  readonly unbiased?: boolean;
  /** Of all the walks together; the one that is under way then is the last. No limit without it. */
  readonly limitMs?: number;
  /** The same seed makes the same walks. */
  readonly seed?: number;
}

export interface Walked {
  readonly walks: number;
  /** How many requests were taken in each state. */
  readonly taken: ReadonlyMap<Model["state"], number>;
}

/**
 * @param begin a new world for a walk, not started yet
 * @param named what is the same in each world
 * @throws Error with the seed, the path and the requests that lead to the first wrong answer
 */
export async function walk(
  named: Omit<World, "ask">,
  begin: () => Promise<World & AsyncDisposable>,
  { walks, steps, once = false, limitMs, seed, unbiased = false }: WalkOptions,
): Promise<Walked> {
  let begun = 0;
  const end = performance.now() + (limitMs ?? Number.POSITIVE_INFINITY);
  const taken = new Map<Model["state"], number>();
  const count = (state: Model["state"]) => taken.set(state, (taken.get(state) ?? 0) + 1);
  const commands = requests(named).map((request) => new Step(request, count));
  await fc.assert(
    fc.asyncProperty(fc.commands([commands], { maxCommands: steps, size: "max" }), async (list) => {
      if (performance.now() > end) return;
      begun++;
      await using world = await begin();
      await fc.asyncModelRun(() => ({ model: new Model(), real: world }), list);
    }),
    { numRuns: walks, unbiased, endOnFailure: once, ...(seed === undefined ? {} : { seed }) },
  );
  return { walks: begun, taken };
}

class Step implements fc.AsyncCommand<Model, World> {
  readonly #request: Request;

  readonly #taken: (state: Model["state"]) => void;

  /** @param taken told of each request that was */
  constructor(request: Request, taken: (state: Model["state"]) => void) {
    this.#request = request;
    this.#taken = taken;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, world: World): Promise<void> {
    const { method, path, body, isTaken, effect, answer } = this.#request;
    const taken = isTaken(model);
    const { status, body: said } = await world.ask(method, path, body);
    const expected = taken ? (method === "GET" ? 200 : 204) : 400;
    expect({ status, said: status === expected ? undefined : said }).toEqual({ status: expected, said: undefined });
    judge(method, path, status, said);
    if (taken) this.#taken(model.state);
    if (taken) effect?.(model);
    if (taken && answer) expect(said).toMatchObject(answer(model) as object);
    await compare(model, world);
  }

  toString(): string {
    const { method, path, body } = this.#request;
    return `${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`;
  }
}

async function compare(model: Model, world: World): Promise<void> {
  expect((await world.ask("GET", "/")).body).toMatchObject({ state: model.state });
  const config = (await world.ask("GET", "/vm/config")).body;
  judge("GET", "/vm/config", 200, config);
  const { drives, balloon } = config as { drives: Shown[]; balloon: object | null };
  const shown = drives.map(({ drive_id, path_on_host, is_root_device, rate_limiter }) => {
    return [drive_id, { path: path_on_host, isRoot: is_root_device, ops: limitOf(rate_limiter) }] as const;
  });
  const byId = (a: readonly [string, unknown], b: readonly [string, unknown]) => (a[0] < b[0] ? -1 : 1);
  expect(shown.toSorted(byId)).toEqual([...model.drives].toSorted(byId));
  if (!model.balloon) expect(balloon).toBeNull();
  else
    expect(balloon).toMatchObject({ amount_mib: model.balloon.mib, stats_polling_interval_s: model.balloon.seconds });
}

interface Shown {
  readonly drive_id: string;
  readonly path_on_host: string;
  readonly is_root_device: boolean;
  readonly rate_limiter: { readonly ops: { readonly size: number; readonly refill_time: number } | null } | null;
}

function limitOf(limiter: Shown["rate_limiter"]) {
  const ops = limiter?.ops;
  return ops ? { size: ops.size, refill_time: ops.refill_time } : undefined;
}

const ajv = new Ajv2020({ strict: false });
const { paths, components } = openApi();
const validators = new Map<string, ValidateFunction>();

/** Every answer is what volt's own document says. */
function judge(method: string, path: string, status: number, said: unknown): void {
  if (status === 204) {
    expect(said).toBeUndefined();
    return;
  }
  const schema = status === 200 ? schemaOf(method, path) : components.schemas.Fault;
  const key = `${method} ${path} ${status}`;
  const validate = validators.get(key) ?? ajv.compile(schema as object);
  validators.set(key, validate);
  expect([key, validate(said), validate.errors]).toEqual([key, true, null]);
  // Where it is at hand, Firecracker's document has a word too.
  expect([key, SWAGGER?.problemOfAnswer(method, path, status, said)]).toEqual([key, undefined]);
}

function schemaOf(method: string, path: string): unknown {
  const responses = paths[path]?.[method.toLowerCase()]?.responses as Record<number, { content: Content }> | undefined;
  const schema = responses?.[200]?.content["application/json"].schema;
  if (schema === undefined) throw new Error(`the document knows no answer to ${method} ${path}`);
  return schema;
}

interface Content {
  readonly "application/json": { readonly schema: unknown };
}

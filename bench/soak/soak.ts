/**
 * `bun bench soak`: a VM with every device at work, and others that come and go, in random order. What the first holds, and
 * what all of them leave behind, must be the same at the end as after the first minute.
 */
import { existsSync } from "node:fs";
import { stockKernel } from "../../scripts/guest-kernel.ts";
import type { Host } from "../../test/testbed/command.ts";
import type { Context } from "../context.ts";
import { Random } from "./random.ts";
import { CHORES, Resident } from "./resident.ts";
import { VISITORS, visit } from "./visitors.ts";
import { type Holdings, holdingsText, leaks, lookAt } from "./watch.ts";

export interface SoakOptions {
  readonly minutes: number;
  /** 32 bits. */
  readonly seed: number;
}

/** Where VMs run, and what they are made of. */
export interface SoakHost {
  readonly host: Host;
  readonly isNested: boolean;
  readonly store: string;
  /** The program. */
  readonly volt: string;
}

const FIRST_MS = 60_000;
/** What the resident holds is told so often: what only grows is a leak, what comes and goes the collector's. */
const LOOK_MS = 120_000;
/** One in so many is a VM that comes and goes. */
const VISITS = 6;
const LISTENING_MS = 2000;

/** @returns whether every VM ended as it should, and nothing was left behind */
export async function soak(context: Context, { minutes, seed }: SoakOptions): Promise<boolean> {
  const { store } = await stockKernel();
  const random = new Random(seed);
  const end = Date.now() + minutes * 60_000;
  const tally = new Map<string, number>();
  let troubles = 0;
  const tell = (trouble: string): void => {
    troubles++;
    console.log(`  TROUBLE: ${trouble}`);
  };
  console.log(`\nsoak: ${minutes} minutes, --seed ${seed}, in the ${context.places.linux}`);
  for (let life = 1; Date.now() < end; life++) {
    const host = await context.host(context.places.linux);
    const place: SoakHost = {
      host,
      isNested: context.places.linux === "nested machine",
      store,
      volt: context.volt.path,
    };
    try {
      await live(place, life, end, random, tally, tell);
    } catch (error) {
      // A nested machine that dies says nothing of volt: it is named, and the rest of the time goes on in another.
      const why = error instanceof Error ? error.message : String(error);
      if (host.alive) tell(`the resident of life ${life}: ${why}`);
      else console.log(`  the nested machine died (an emulator's fault): on with another: ${why.slice(0, 200)}`);
    }
  }
  const counts = [...tally].map(([name, count]) => `${name} ${count}`).join(", ");
  console.log(`  done: ${counts}`);
  console.log(troubles === 0 ? "  clean" : `  ${troubles} troubles; again with --seed ${seed}`);
  return troubles === 0;
}

/** One resident's life, to the end of the time. Throws when it can't go on. */
async function live(
  place: SoakHost,
  life: number,
  end: number,
  random: Random,
  tally: Map<string, number>,
  tell: (trouble: string) => void,
): Promise<void> {
  await using resident = await Resident.start(place, life);
  const start = Date.now();
  let nextLook = start + FIRST_MS;
  let before: Holdings | undefined;
  while (Date.now() < end) {
    const isVisit = random.whole(1, VISITS) === 1;
    const visitor = isVisit ? random.pick(VISITORS) : undefined;
    const name = visitor?.name ?? random.pick(CHORES);
    if (visitor) {
      // The emulated processors of a nested machine mix up VMs that take turns on them.
      if (place.isNested) await resident.ask("PATCH", "/vm", { state: "Paused" });
      const wrong = await visit(place, visitor, random);
      if (!place.host.alive) throw new Error(wrong);
      if (wrong !== undefined) tell(`${name}: ${wrong}`);
      if (place.isNested) await resident.ask("PATCH", "/vm", { state: "Resumed" });
    } else await resident.chore(name, random);
    tally.set(name, (tally.get(name) ?? 0) + 1);
    if (Date.now() < nextLook) continue;
    const now = await atRest(place, resident);
    before ??= now;
    const minutes = Math.round((Date.now() - start) / 60_000);
    console.log(`  after ${String(minutes).padStart(2)} min: ${holdingsText(now)}`);
    nextLook += LOOK_MS;
  }
  const after = await atRest(place, resident);
  console.log(`  at the end:   ${holdingsText(after)}`);
  if (before) for (const leak of leaks(before, after)) tell(leak);
  const wrong = await resident.leave();
  if (wrong !== undefined) tell(`the resident's end: ${wrong}`);
}

async function atRest({ host, isNested }: SoakHost, resident: Resident): Promise<Holdings> {
  await resident.ask("PATCH", "/balloon", { amount_mib: 0 });
  await Bun.sleep(LISTENING_MS);
  return await lookAt(host, resident.pid(), (path) => isNested && existsSync(path));
}

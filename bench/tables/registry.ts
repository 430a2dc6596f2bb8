/** The tables, in the report's order. */
import { api } from "./api.ts";
import { apiBusy } from "./api-busy.ts";
import { binary } from "./binary.ts";
import { boot } from "./boot.ts";
import { cpuid } from "./cpuid.ts";
import { disk } from "./disk.ts";
import { exits } from "./exits.ts";
import { fleet } from "./fleet.ts";
import { load } from "./load.ts";
import { memory } from "./memory.ts";
import { parallel } from "./parallel.ts";
import { phases } from "./phases.ts";
import { rate } from "./rate.ts";
import { sandbox } from "./sandbox.ts";
import { start } from "./start.ts";
import type { Table } from "./table.ts";
import { tcp } from "./tcp.ts";
import { vsock } from "./vsock.ts";

export const TABLES: readonly Table[] = [
  binary,
  start,
  phases,
  load,
  sandbox,
  rate,
  memory,
  fleet,
  boot,
  cpuid,
  exits,
  parallel,
  api,
  apiBusy,
  disk,
  tcp,
  vsock,
];

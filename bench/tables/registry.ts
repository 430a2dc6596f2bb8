/** The tables, in the report's order. */
import { binary } from "./binary.ts";
import { memory } from "./memory.ts";
import { phases } from "./phases.ts";
import { start } from "./start.ts";
import type { Table } from "./table.ts";

export const TABLES: readonly Table[] = [binary, start, phases, memory];

/** Writes the documents that are made of the schemas to docs/. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents } from "./schemas/documents.ts";

for (const [name, text] of documents()) writeFileSync(join(import.meta.dirname, "../docs", name), text);

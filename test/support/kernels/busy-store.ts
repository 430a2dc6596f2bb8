/**
 * Changes a store for ever, or `rounds` times: adds, names, removes and collects. Killed at any moment by the tests.
 * Arguments: VOLT_HOME, a folder with files to add, how many rounds (0: for ever).
 */
import { readdirSync } from "node:fs";
import { addKernel } from "../../../src/kernels/add.ts";
import { collectGarbage } from "../../../src/kernels/gc.ts";
import { removeName, setDefault, tagKernel } from "../../../src/kernels/names.ts";
import { storePaths } from "../../../src/kernels/paths.ts";

const [home = "", folder = "", rounds = "0"] = process.argv.slice(2);
const paths = storePaths(home);
const files = readdirSync(folder);

/** What another one has just removed is no failure. */
function tolerant(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!/no kernel of this name|was removed meanwhile/.test((error as Error).message)) throw error;
  }
}

process.stdout.write("busy\n");
for (let round = 0; rounds === "0" || round < Number(rounds); round++) {
  for (const file of files) {
    const path = `${folder}/${file}`;
    addKernel(paths, { name: file, file: path, from: { kind: "file", from: path }, sourceCode: "nowhere" });
    tolerant(() => tagKernel(paths, file, `${file}-tag`));
    tolerant(() => setDefault(paths, file));
    if (rounds === "0") {
      tolerant(() => removeName(paths, `${file}-tag`));
      tolerant(() => removeName(paths, file));
      collectGarbage(paths);
    }
  }
}

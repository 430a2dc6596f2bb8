/** `volt kernel build`: a kernel from its source, with volt's fragments. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { ConfigError } from "../../config/error.ts";
import { readInput } from "../../host/open-file.ts";
import { type AddedKernel, addKernel } from "../add.ts";
import { parseKernelConfig } from "../config-file.ts";
import { digestOf } from "../digest.ts";
import { Draft } from "../draft.ts";
import { listObjects } from "../list.ts";
import type { Manifest } from "../manifest.ts";
import { nameObject, setFirstDefault } from "../names.ts";
import { isWhole } from "../parts.ts";
import type { StorePaths } from "../paths.ts";
import { collectWishes, DEFAULT_FRAGMENTS, FRAGMENT_NAMES, wishesText } from "./fragments.ts";
import { readKconfig } from "./kconfig.ts";
import { checkPath, checkTools, compilerVersion, make, type Tree } from "./make.ts";
import { findSource } from "./source.ts";
import { droppedText, droppedWishes } from "./survived.ts";

/** A whole .config has a quarter of that. */
const FRAGMENT_MAX = 2 ** 20;

export interface BuildRequest {
  /** A version of Debian's, a folder or a tarball. */
  readonly source: string | undefined;
  readonly name: string;
  /** Beyond the default ones: names of volt's, or paths. */
  readonly fragments: readonly string[];
  /** `OPTION=VALUE`. */
  readonly settings: readonly string[];
  readonly jobs: number;
}

/** What goes on, for who waits. */
export interface BuildProgress {
  say(text: string): void;
  /** A file was compiled; how many are done by now. */
  compiled(count: number): void;
}

/**
 * Builds a kernel and stores it, or finds it there: the same source, configuration and compiler make the same kernel.
 * @throws ConfigError when an option did not survive (with the dependency that dropped it), or the build fails
 */
export async function buildKernel(
  paths: StorePaths,
  request: BuildRequest,
  progress: BuildProgress,
): Promise<AddedKernel & { readonly wasThere: boolean }> {
  checkTools();
  checkPath(paths.home, "VOLT_HOME");
  const wishes = collectWishes(request.fragments, request.settings, readFragment);
  const wanted = wishesText(wishes);
  const source = await findSource(request.source);
  const compiler = await compilerVersion();
  const found = source.sha256 && findBuilt(paths, source.sha256, digestOf(wanted), compiler);
  if (found) {
    nameObject(paths, request.name, found.digest);
    return { ...found, name: request.name, isDefault: setFirstDefault(paths, request.name), wasThere: true };
  }

  using draft = new Draft(paths);
  const tree = { source: await source.unpack(draft.path, progress.say), output: draft.file("output") };
  mkdirSync(tree.output);
  progress.say("configuring");
  writeFileSync(draft.file("wanted.config"), wanted);
  await make(tree, "allnoconfig", { env: { KCONFIG_ALLCONFIG: draft.file("wanted.config") } });
  const config = readFileSync(`${tree.output}/.config`, "utf8");
  const dropped = droppedWishes(wishes, parseKernelConfig(config), () => kconfigOf(tree));
  if (dropped.length > 0) throw new ConfigError("", "kernel build", dropped.map(droppedText).join("; "));

  progress.say("compiling");
  let count = 0;
  const onLine = (line: string) => /^ {2}(CC|AS) /.test(line) && progress.compiled(++count);
  await make(tree, "vmlinux", { jobs: request.jobs, onLine });
  progress.say("storing");
  const added = addKernel(paths, {
    name: request.name,
    file: `${tree.output}/vmlinux`,
    from: { kind: "build", from: source.about, ...(source.sha256 ? { sha256: source.sha256 } : {}) },
    sourceCode: source.sourceCode,
    config,
    recipe: {
      source: source.about,
      sourceSha256: source.sha256,
      configSha256: digestOf(wanted),
      fragments: [...DEFAULT_FRAGMENTS, ...request.fragments],
      settings: [...request.settings],
      compiler,
    },
  });
  return { ...added, wasThere: false };
}

function findBuilt(paths: StorePaths, sourceSha256: string, configSha256: string, compiler: string) {
  const isSame = ({ recipe }: Manifest) =>
    recipe?.sourceSha256 === sourceSha256 && recipe.configSha256 === configSha256 && recipe.compiler === compiler;
  return listObjects(paths).find(({ digest, manifest }) => isSame(manifest) && isWhole(paths.object(digest)));
}

function kconfigOf({ source }: Tree) {
  const read = (path: string) => {
    try {
      return readFileSync(`${source}/${path}`, "utf8");
    } catch {
      return undefined;
    }
  };
  return readKconfig(read, "x86");
}

function readFragment(path: string): string {
  if (existsSync(path)) return readInput(path, "--fragment", FRAGMENT_MAX, "a fragment of a configuration");
  const names = FRAGMENT_NAMES.join(", ");
  throw new ConfigError("", "--fragment", `"${path}" is no file, and none of volt's: ${names}`);
}

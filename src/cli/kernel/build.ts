/** `volt kernel build`. */
import { cpus } from "node:os";
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { buildKernel } from "../../kernels/build/build.ts";
import { FRAGMENT_NAMES } from "../../kernels/build/fragments.ts";
import { checkName } from "../../kernels/paths.ts";
import type { Invocation } from "../invocation.ts";
import { showAdded } from "./added.ts";
import { JSON_FLAG, thisStore } from "./command.ts";
import { clearedAway } from "./ending.ts";
import { Progress } from "./progress.ts";

/** About how many files a build with the default fragments compiles, for the bar. */
const USUAL_FILES = 1550;

export const buildCommand = defineCommand({
  meta: { name: "build", description: "builds a kernel for volt from source, everything built in" },
  args: {
    source: {
      type: "positional",
      required: false,
      description: "a version Debian has (default 6.1), a source tree, or a tarball",
    },
    name: { type: "string", valueHint: "NAME", description: "its name in the store (default: volt)" },
    fragment: {
      type: "string",
      valueHint: "NAME|FILE",
      description: `more of a configuration, of ${FRAGMENT_NAMES.join(", ")} or a file; may be given more than once`,
      repeatable: true,
    },
    set: {
      type: "string",
      valueHint: "OPTION=VALUE",
      description: "one option: BTRFS_FS=y, IPV6=n; may be given more than once",
      repeatable: true,
    },
    jobs: { type: "string", valueHint: "N", description: "compilers at a time (default: the host's processors)" },
    ...JSON_FLAG,
  },
  async run({ args, data }) {
    const { lists } = data as Invocation;
    const jobs = Number(args.jobs ?? cpus().length);
    if (!Number.isInteger(jobs) || jobs < 1) throw new ConfigError("", "--jobs", `"${args.jobs}" is no number of jobs`);
    const name = checkName(args.name ?? "volt", "--name");
    const request = {
      name,
      jobs,
      source: args.source,
      fragments: lists["fragment"] ?? [],
      settings: lists["set"] ?? [],
    };
    const built = await clearedAway(async () => {
      using progress = new Progress();
      return await buildKernel(thisStore(), request, {
        say: (text) => progress.say(text),
        compiled: (count) => progress.compiled(count, USUAL_FILES),
      });
    });
    showAdded(args.json, built, built.wasThere ? "already built:" : "built");
  },
});

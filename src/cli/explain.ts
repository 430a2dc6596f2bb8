/** `volt explain boot`: where a boot's time went, and what mends it. */
import { type ArgsDef, defineCommand } from "citty";
import { isBzImage } from "../boot/bzimage.ts";
import { ConfigError } from "../config/error.ts";
import type { VmConfig } from "../config/schema.ts";
import { type BootRequest, recordBoot } from "../explain/boot.ts";
import { mended } from "../explain/stall.ts";
import { STALLS } from "../explain/stalls/registry.ts";
import { bootText, gainText } from "../explain/text.ts";
import { openInput } from "../host/open-file.ts";
import { findKernel } from "../kernels/store.ts";
import { commandLine } from "../machine/command-line.ts";
import { print } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { resolveWithNames } from "./resolve-config.ts";
import { configOfFlags, flagNumber, RUN_FLAGS, type RunArgs } from "./run-flags.ts";

const STDOUT = 1;
const SECONDS = { usual: 60, most: 86_400 };
/** As much of a kernel's file as tells what it is. */
const HEAD_BYTES = 1024;

const EXPLAIN_FLAGS = {
  what: {
    type: "positional",
    default: "boot",
    valueHint: "boot",
    description: "boot: a boot, from start to user space",
  },
  apply: {
    type: "boolean",
    description: "boots once more with the mends on the command line, and shows what they gain",
  },
  seconds: {
    type: "string",
    valueHint: "N",
    description: `how long a guest is watched that does not end by itself (default ${SECONDS.usual})`,
  },
} as const satisfies ArgsDef;

/** What a VM is. Where its log and its trace go is for volt to say here, nobody can ask it anything meanwhile, and it stays. */
const {
  api: _api,
  d: _detached,
  trace: _trace,
  "print-config": _print,
  "log-file": _file,
  "log-format": _format,
  "log-level": _level,
  ...VM_FLAGS
} = RUN_FLAGS;

export const explainCommand = defineCommand({
  meta: { name: "explain", description: "where a boot's time went: volt explain boot [--apply] [FLAGS OF volt run]" },
  args: { ...EXPLAIN_FLAGS, ...VM_FLAGS },
  async run({ args, data }) {
    const { rest, lists } = data as Invocation;
    if (args.what !== "boot")
      throw new ConfigError("", "explain", `"${args.what}" can't be explained, only boot can: volt explain boot`);
    const seconds = flagNumber(args.seconds, "--seconds") ?? SECONDS.usual;
    if (!(seconds > 0 && seconds <= SECONDS.most))
      throw new ConfigError("", "--seconds", `must be more than 0 and at most ${SECONDS.most}, found ${seconds}`);
    const { config, nameOf } = resolveWithNames(args.config, configOfFlags(args as unknown as RunArgs, lists, rest));
    if (config.volt.command)
      throw new ConfigError("", "explain", "the boot ends where a command would begin: leave it out");
    const request: BootRequest = {
      config,
      commandLine: commandLine(config),
      isPacked: isPacked(config, nameOf),
      volt: [process.execPath],
      seconds,
    };
    const boot = await recordBoot(request);
    const found = STALLS.flatMap((stall) => {
      const finding = stall.find(boot);
      return finding ? [{ stall, finding }] : [];
    });
    print(STDOUT, bootText(boot, found));
    if (!args.apply) return;
    const better = mended(
      request.commandLine,
      found.map(({ finding }) => finding.mend),
    );
    if (better === mended(request.commandLine, []))
      return print(STDOUT, "\nNothing to apply: no mend here is a word on the command line.\n");
    const changed = found.filter(
      ({ finding: { mend } }) => mended(request.commandLine, [mend]) !== mended(request.commandLine, []),
    );
    const again = await recordBoot({ ...request, commandLine: better });
    const names = changed.map(({ stall }) => stall.name);
    print(STDOUT, `\n${gainText(boot, again, names)}`);
  },
});

/** @throws ConfigError in which the kernel is called as the user knows it */
function isPacked(config: VmConfig, nameOf: (field: string) => string): boolean {
  const field = "boot-source.kernel_image_path";
  try {
    const { fd, size } = openInput(findKernel(config["boot-source"].kernel_image_path).path, field);
    using file = fd;
    return isBzImage(file.readAt(0, Math.min(size, HEAD_BYTES)));
  } catch (error) {
    throw error instanceof ConfigError ? error.renamed(nameOf) : error;
  }
}

/** Stage one's last act: becomes the program that confines this process and executes volt again inside. */
import { Fd, O } from "../../ffi/fd.ts";
import { AT } from "../../ffi/namespaces.ts";
import { exec } from "../../ffi/process.ts";
import { type Call, program } from "../../ffi/program/program.ts";
import { ConfigError } from "../config/error.ts";
import type { Confinement } from "./confinement.ts";
import type { Step } from "./step.ts";

/** The environment variable in which stage two finds what the steps came to. */
export const OUTCOME_VARIABLE = "VOLT_CONFINED";

const STDERR = 2;
const FAILED = 125;
const CANT_EXECUTE =
  "volt: the sandbox: this user may not execute volt once more, or its libraries: are all readable for him (chmod 755)?\n";

/**
 * Does not return.
 * @param environment of stage two, all of it
 * @throws ConfigError when the kernel executes no such program
 */
export function enterSandbox(
  { steps }: Confinement,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): never {
  // By descriptor: the very file that runs now, whatever its path leads to in a moment.
  const self = Fd.open("/proc/self/exe", O.PATH);
  self.setInherited(true);
  const outcome = text(`${OUTCOME_VARIABLE}=${"..".repeat(steps.length + LAST_STEPS)}`);
  const variables = [...Object.entries(environment).map(([name, value]) => text(`${name}=${value}`)), outcome];
  const calls = [
    ...steps.map((step) => resolve(step, steps)),
    ...executeSelf(self.number, argv.map(text), variables, steps.length),
  ];
  const file = program(calls, { bytes: outcome, offset: OUTCOME_VARIABLE.length + 1 });
  try {
    using sealed = Fd.sealed("volt-confine", file, true);
    return exec(`/proc/self/fd/${sealed.number}`, argv, {});
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    const mend = "volt confines itself by a program in memory, which this host does not execute";
    throw new ConfigError("", "sandbox", `${mend}: sysctl vm.memfd_noexec=1 (${why})`);
  }
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const LAST_STEPS = 4;

/** A step that fails and must not leads here too: stage two reads the outcome and says what is missing. */
function executeSelf(
  self: number,
  argv: readonly Uint8Array[],
  environment: readonly Uint8Array[],
  index: number,
): Call[] {
  const last: Call[] = [
    { call: "fcntl", arguments: [self, F_SETFD, FD_CLOEXEC] },
    { call: "execveat", arguments: [self, "", argv, environment, AT.EMPTY_PATH] },
    { call: "write", arguments: [STDERR, CANT_EXECUTE, CANT_EXECUTE.length] },
    { call: "exit_group", arguments: [FAILED], onError: index + LAST_STEPS - 1 },
  ];
  return last;
}

/** Marks become places in the list. */
function resolve({ call, arguments: args, orElse = "stop", result }: Step, steps: readonly Step[]): Call {
  const place = (mark: string): number => {
    const index = steps.findIndex((step) => step.mark === mark);
    if (index < 0) throw new RangeError(`no step is marked ${mark}`);
    return index;
  };
  return {
    call,
    arguments: args,
    ...(orElse === "go on" ? {} : { onError: orElse === "stop" ? steps.length : place(orElse) + 1 }),
    ...(result === undefined
      ? {}
      : { result: "bytes" in result ? result : { call: place(result.step), argument: result.argument } }),
  };
}

/** With the NUL that C expects. */
function text(string: string): Uint8Array {
  return new Uint8Array(Buffer.from(`${string}\0`));
}

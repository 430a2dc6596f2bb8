/** Ctrl-C in the middle of long work: what it has made so far goes, then volt. */
import { readFileSync } from "node:fs";
import { resetSignal, Signal } from "../../../ffi/signal.ts";
import { stopTools } from "../../kernels/tool.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs work that has drafts on the disk. A signal ends the program it waits for, so it throws and clears away after
 * itself; volt then ends by that signal, as who sent it expects. A second one does not wait.
 */
export async function clearedAway<T>(work: () => Promise<T>): Promise<T> {
  // nohup, and a shell's background jobs: what is ignored stays so.
  const signals = SIGNALS.filter((name) => !isIgnored(Signal[name]));
  let came: (typeof SIGNALS)[number] | undefined;
  const reset = () => {
    for (const name of signals) {
      process.off(name, onSignal);
      resetSignal(Signal[name]);
    }
  };
  const onSignal = (name: NodeJS.Signals) => {
    came = signals.find((one) => one === name);
    reset();
    stopTools();
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work();
  } finally {
    if (came === undefined) reset();
    else process.kill(process.pid, came);
  }
}

function isIgnored(signal: number): boolean {
  const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

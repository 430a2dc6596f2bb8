import { constants } from "node:os";

export function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name];
}

/** Real-time signals have no name of their own: "SIG34". */
export function signalName(number: number): NodeJS.Signals {
  const known = Object.entries(constants.signals).find(([, value]) => value === number);
  return (known?.[0] ?? `SIG${number}`) as NodeJS.Signals;
}

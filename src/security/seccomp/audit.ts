/** What an audit has to tell at the end of a run. */
import type { AuditedCall } from "../../../ffi/seccomp/trap.ts";
import { systemCallName } from "../../../ffi/system-calls.ts";

/** One line a kind of call: `vcpu 0: ioctl(..., 0x5412), 3 times`. */
export function auditLines(
  { calls, count }: { readonly calls: readonly AuditedCall[]; readonly count: number },
  threadName: (threadId: number) => string,
): string[] {
  const times = new Map<string, number>();
  for (const { number, threadId, secondArgument } of calls) {
    const line = `${threadName(threadId)}: ${systemCallName(number)}(..., 0x${secondArgument.toString(16)}, ...)`;
    times.set(line, (times.get(line) ?? 0) + 1);
  }
  const lines = [...times].map(([line, n]) => (n === 1 ? line : `${line}, ${n} times`));
  if (count > calls.length) lines.push(`and ${count - calls.length} more calls`);
  return lines;
}

/** What a VM's process holds, and what VMs leave on their host. */
import type { Host } from "../../test/testbed/command.ts";

export interface Holdings {
  readonly descriptors: number;
  readonly threads: number;
  /** Private and dirty, outside of guest memory. Bytes. */
  readonly memory: number;
  readonly temporaryFiles: number;
  /** Processes called volt, on the whole host. */
  readonly processes: number;
}

/** Guest memory is what a core dump leaves out. */
const LOOK = `
ls /proc/$1/fd | wc -l
ls /proc/$1/task | wc -l
cat /proc/[0-9]*/comm 2>/dev/null | grep -cx volt
find /dev/shm /run "$2" 2>/dev/null | wc -l
ls -d /tmp/volt* /var/tmp/volt* 2>/dev/null
echo
cat /proc/$1/smaps`;

/**
 * @param pid of the VM that stays
 * @param isForeign whether a file in /tmp is another machine's: a nested one sees those of the machine around it, which come
 *   and go by what others do there
 */
export async function lookAt(host: Host, pid: number, isForeign: (path: string) => boolean): Promise<Holdings> {
  const { status, stdout, stderr } = await host.run(["sh", "-c", LOOK, "sh", String(pid), host.share]);
  if (status !== 0) throw new Error(`the resident's process ${pid} can't be looked at: ${stderr}`);
  return readHoldings(stdout.toString(), isForeign);
}

/** @param text what LOOK prints */
export function readHoldings(text: string, isForeign: (path: string) => boolean): Holdings {
  const end = text.indexOf("\n\n");
  const [descriptors, threads, processes, files, ...paths] = text.slice(0, end).split("\n");
  return {
    descriptors: Number(descriptors),
    threads: Number(threads),
    temporaryFiles: Number(files) + paths.filter((path) => !isForeign(path)).length,
    processes: Number(processes),
    memory: memoryOf(text.slice(end + 2)),
  };
}

/** @param smaps /proc/PID/smaps */
function memoryOf(smaps: string): number {
  const mappings = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return mappings
    .filter((mapping) => !/^VmFlags:.* dd\b/m.test(mapping))
    .reduce((sum, mapping) => sum + 1024 * Number(/^Private_Dirty: +(\d+) kB/m.exec(mapping)?.[1] ?? 0), 0);
}

/** A collector gives memory back when it likes. */
const MEMORY_SLACK = 4 * 2 ** 20;

/** What is more at the end than it was; one line each. */
export function leaks(before: Holdings, after: Holdings): string[] {
  const counts = (["descriptors", "threads", "temporaryFiles", "processes"] as const).flatMap((name) =>
    after[name] > before[name] ? [`${name}: ${before[name]} -> ${after[name]}`] : [],
  );
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return after.memory > before.memory + MEMORY_SLACK
    ? [...counts, `memory: ${mib(before.memory)} -> ${mib(after.memory)} MiB`]
    : counts;
}

export function holdingsText({ descriptors, threads, memory, temporaryFiles, processes }: Holdings): string {
  return `${descriptors} descriptors, ${threads} threads, ${(memory / 2 ** 20).toFixed(1)} MiB, ${temporaryFiles} temporary files, ${processes} volt processes`;
}

/** TCP streams between a guest and its host. */
import type { GuestTap } from "./tap.ts";
import { startVolt } from "./volt.ts";

const TO_HOST = 5001;
const TO_GUEST = 5002;

/** SHA-256 of the stream each way, as it was sent and as it came. */
export interface Streams {
  readonly toHost: string;
  readonly toGuest: string;
}

export interface Transfer {
  readonly sent: Streams;
  readonly received: Streams;
}

/** Lines that differ by direction: a stream that comes back to where it came from is no success. */
const data = (text: string, bytes: number): string =>
  `yes '${text}: some text to fill packets with' | head -c ${bytes}`;

/**
 * First from the guest to the host, then back.
 * @param net the value of `--net`
 * @param limitMs of volt and of each end of a stream, where that needs more than the usual
 */
export async function transferBothWays(tap: GuestTap, net: string, bytes: number, limitMs?: number): Promise<Transfer> {
  const up = data("up", bytes);
  const down = data("down", bytes);
  // A FIFO that is open both ways never ends: an nc whose input is over hangs up, and its peer leaves in mid-stream.
  const open = "fifo=$(mktemp -u) && mkfifo $fifo";
  const sink = tap.start(`${open} && busybox nc -l -p ${TO_HOST} <>$fifo | sha256sum; rm $fifo`, limitMs);
  const source = tap.start(`${down} | busybox nc -l -p ${TO_GUEST}`, limitMs);
  // Nobody else would end them before their limit, and the next try wants their ports.
  using ends = new DisposableStack();
  for (const end of [sink, source]) ends.defer(() => end.kill());
  const receive = `${open} && nc ${tap.host} ${TO_GUEST} <>$fifo | sha256sum`;
  const script = `${tap.setUp}; ${up} | nc ${tap.host} ${TO_HOST}; ${receive}`;
  // One try, and not `guest`'s two: a second guest would find nobody at the other ends.
  await using running = await startVolt(
    ["--net", net, "--", "sh", "-c", script],
    limitMs === undefined ? {} : { limitMs },
  );
  const { status, stdout, log } = await running.end();
  if (status !== 0 || log !== "") throw new Error(`volt ended with ${status}: ${stdout}${log}`);
  const atHost = (await sink.finished).stdout.toString();
  await source.finished;
  const [sentUp, sentDown] = await Promise.all([up, down].map((command) => tap.run(`${command} | sha256sum`)));
  return {
    sent: { toHost: hash(sentUp), toGuest: hash(sentDown) },
    received: { toHost: hash(atHost), toGuest: hash(stdout) },
  };
}

function hash(output: string | undefined): string {
  return /^[0-9a-f]{64}/.exec(output ?? "")?.[0] ?? `no hash: ${output}`;
}

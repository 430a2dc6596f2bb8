/** TCP between a Linux guest and the host, over virtio-net and a TAP device. */
import type { Host } from "../../test/testbed/command.ts";
import { startListener } from "../method/listener.ts";
import { CPU_METHOD } from "./host-cpu.ts";
import { measureStreams, STREAM_METHOD } from "./stream.ts";
import type { Table } from "./table.ts";

const TAP = "voltbench0";
const HOST = "10.77.133.1";
const GUEST = "10.77.133.2";
const PORT = 7733;

export const tcp: Table = {
  name: "tcp",
  async measure(context) {
    const host = await context.host(context.places.linux);
    await using _tap = await makeTap(host);
    using _listener = await startListener(host, context.listener, ["tcp", String(PORT)]);
    const { metrics, absent = [] } = await measureStreams(context, ["tcp", GUEST, HOST, String(PORT)], ["virtio_net"], {
      tap: TAP,
    });
    return {
      table: "tcp",
      title: "TCP between guest and host",
      place: context.places.linux,
      method: `virtio-net on a TAP device, one connection, 64 KiB a call, 1 vCPU. Bytes count when they have arrived. ${STREAM_METHOD}. ${CPU_METHOD}`,
      metrics,
      absent,
    };
  },
};

async function makeTap(host: Host): Promise<AsyncDisposable> {
  const run = (script: string) => host.run(["sh", "-c", script]);
  const { status, stderr } = await run(
    `modprobe -qa tun vhost_net; ip tuntap add ${TAP} mode tap && ip addr add ${HOST}/24 dev ${TAP} && ip link set ${TAP} up`,
  );
  if (status !== 0) throw new Error(`no TAP device for the tcp table: ${stderr}`);
  return { [Symbol.asyncDispose]: async () => void (await run(`ip link del ${TAP}`)) };
}

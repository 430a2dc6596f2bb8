/** vsock between a Linux guest and the host: by a Unix socket where the monitor has that, by the host's kernel otherwise. */
import { startListener } from "../method/listener.ts";
import { CPU_METHOD } from "./host-cpu.ts";
import { measureStreams, STREAM_METHOD } from "./stream.ts";
import type { Table } from "./table.ts";

const CID = 77;
const PORT = 7733;
/** VMADDR_CID_HOST */
const HOST_CID = 2;

export const vsock: Table = {
  name: "vsock",
  async measure(context) {
    const host = await context.host(context.places.linux);
    const socket = `${host.share}/vsock`;
    await host.run(["modprobe", "-qa", "vhost_vsock"]);
    // Both at once: who has no Unix socket connects to the other.
    using _unix = await startListener(host, context.listener, ["unix", `${socket}_${PORT}`]);
    using _kernel = await startListener(host, context.listener, ["vsock", String(PORT)]);
    const words = ["vsock", "-", String(HOST_CID), String(PORT)];
    const device = { vsock: { cid: CID, socket } };
    const { metrics, absent = [] } = await measureStreams(context, words, ["vmw_vsock_virtio_transport"], device);
    return {
      table: "vsock",
      title: "vsock between guest and host",
      place: context.places.linux,
      method: `One connection, 64 KiB a call, 1 vCPU. QEMU has vhost only; volt's other way goes through a Unix socket. ${STREAM_METHOD}. ${CPU_METHOD}`,
      metrics,
      absent,
    };
  },
};

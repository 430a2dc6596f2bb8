import { Fd } from "../../../../ffi/fd.ts";
import { Tap } from "../../../../ffi/tap.ts";
import { Vhost } from "../../../../ffi/vhost.ts";
import type { NetworkInterfaceConfig } from "../../../config/devices.ts";
import { MmdsService } from "../../mmds/service.ts";
import { TokenAuthority } from "../../mmds/tokens.ts";
import { COMMON_FEATURES, featureSet } from "../features.ts";
import type { DeviceKind } from "../kind.ts";
import { openVhost } from "../vhost/open.ts";
import { type NetBackEnd, NetDevice } from "./device.ts";
import { VIRTIO_NET_F_MRG_RXBUF } from "./features.ts";
import { openTaps } from "./open.ts";
import { netSystemCalls } from "./system-calls.ts";
import { TapPair } from "./tap-pair.ts";
import { VhostPair } from "./vhost-pair.ts";

/** Descriptors of one interface: a TAP's queue for each pair, and one of vhost-net if the host's kernel serves them. */
interface OpenedInterface {
  readonly taps: readonly number[];
  readonly vhosts: readonly number[];
}

/** What is about rings, and so for vhost to know or not; all else is between the driver and the TAP. */
const RING_FEATURES = COMMON_FEATURES | featureSet(VIRTIO_NET_F_MRG_RXBUF);

export const net: DeviceKind<readonly OpenedInterface[]> = {
  name: "net",
  modules: ["virtio_net"],
  open: (config) => config["network-interfaces"].map(openInterface),
  create(config, opened, { mmds }) {
    const settings = config["mmds-config"];
    const service = settings && new MmdsService(settings, mmds, new TokenAuthority(config.volt.id ?? ""));
    return config["network-interfaces"].map((own, i) =>
      createDevice(
        own,
        opened[i]!,
        service && settings.network_interfaces.includes(own.iface_id)
          ? { mmds: { service, address: settings.ipv4_address } }
          : {},
      ),
    );
  },
  systemCalls: (config) => netSystemCalls(config["network-interfaces"]),
};

function openInterface({ host_dev_name, queue_pairs, vhost }: NetworkInterfaceConfig): OpenedInterface {
  const taps = openTaps(host_dev_name, queue_pairs);
  return { taps, vhosts: vhost ? taps.map(() => openVhost("/dev/vhost-net", "--net")) : [] };
}

function createDevice(
  config: NetworkInterfaceConfig,
  opened: OpenedInterface,
  mmds: Pick<NetBackEnd, "mmds">,
): NetDevice {
  const taps = opened.taps.map((number) => new Tap(number));
  const vhosts = opened.vhosts.map((number) => new Vhost(new Fd(number, "/dev/vhost-net")));
  const [first] = vhosts;
  if (first === undefined) {
    return new NetDevice(config, {
      taps,
      createPair: (pair, services) => new TapPair(taps[pair]!.fd, services),
      inKernel: false,
      ...mmds,
    });
  }
  return new NetDevice(config, {
    taps,
    createPair: (pair, { gone }) => new VhostPair(taps[pair]!, vhosts[pair]!, gone),
    inKernel: true,
    withheld: RING_FEATURES & ~first.features(),
  });
}

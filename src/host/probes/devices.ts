/** What disks, networks and sockets of a VM stand on. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import { failure, type Host } from "../host.ts";

const IO_URING: Subject = { name: "io_uring", purpose: "disk requests that stall no thread" };

export function probeIoUring(host: Host): Finding {
  const refused = failure(() => host.checkIoUring());
  if (refused === undefined) return ok(IO_URING, "a ring can be made");
  const disabled = host.read("/proc/sys/kernel/io_uring_disabled")?.trim() ?? "0";
  if (disabled !== "0") {
    return lacking(IO_URING, "warn", `kernel.io_uring_disabled is ${disabled}`, "sysctl kernel.io_uring_disabled=0");
  }
  if (refused === "ENOSYS") {
    return lacking(IO_URING, "warn", "not in this kernel", "boot a kernel with CONFIG_IO_URING=y, as Debian's are");
  }
  const mend = "a seccomp profile forbids it: in a container, one that allows io_uring_setup";
  return lacking(IO_URING, "warn", `refused (${refused})`, mend);
}

/** A device node that a module brings. */
interface DeviceNode extends Subject {
  readonly path: string;
  readonly module: string;
  /** What to do when the caller is not allowed to open it. */
  readonly permit: string;
}

const NODES: readonly DeviceNode[] = [
  {
    name: "TUN",
    path: "/dev/net/tun",
    module: "tun",
    purpose: "--net: a guest's network card is a TAP device",
    permit: "chmod 0666 /dev/net/tun, and ip tuntap add dev NAME mode tap user $USER",
  },
  {
    name: "vhost-net",
    path: "/dev/vhost-net",
    module: "vhost_net",
    purpose: "--net ...,vhost: packets that never pass through volt",
    permit: "usermod -aG kvm $USER, then log in again",
  },
  {
    name: "vhost-vsock",
    path: "/dev/vhost-vsock",
    module: "vhost_vsock",
    purpose: "sockets to the guest that never pass through volt",
    permit: "usermod -aG kvm $USER, then log in again",
  },
];

export function probeDevices(host: Host): Finding[] {
  return NODES.map((node) => probeNode(host, node));
}

function probeNode(host: Host, { path, module, permit, ...subject }: DeviceNode): Finding {
  const refused = failure(() => host.tryDevice(path));
  if (refused === undefined) return ok(subject, `${path} opens`);
  const found = `${path}: ${refused}`;
  if (refused === "EACCES" || refused === "EPERM") return lacking(subject, "info", found, permit);
  return lacking(subject, "info", found, `modprobe ${module}; in a container --device ${path}`);
}

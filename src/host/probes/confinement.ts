/** The layers that hold volt should a guest take it over. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import { failure, type Host } from "../host.ts";

const LANDLOCK: Subject = { name: "Landlock", purpose: "volt opens no file but those its VM needs" };
const SECCOMP: Subject = { name: "seccomp", purpose: "volt makes no system call but those its VM needs" };
const NAMESPACES: Subject = { name: "user namespaces", purpose: "mount, network and IPC namespaces without root" };

/** LSMs of a Debian kernel, for hosts that do not say which they run. */
const USUAL_LSMS = "lockdown,yama,apparmor";

export function probeLandlock(host: Host): Finding {
  let abi = 0;
  const refused = failure(() => {
    abi = host.landlockAbi();
  });
  if (refused === undefined) return ok(LANDLOCK, `ABI ${abi}`);
  if (refused === "EOPNOTSUPP") {
    const others = host.read("/sys/kernel/security/lsm")?.trim() || USUAL_LSMS;
    const mend = `add lsm=landlock,${others} to GRUB_CMDLINE_LINUX in /etc/default/grub, update-grub, reboot; or run with --no-landlock`;
    return lacking(LANDLOCK, "fail", "built in, but not turned on at boot", mend);
  }
  const mend = "boot Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK=y, as Debian 12's is; or run with --no-landlock";
  return lacking(LANDLOCK, "fail", `not available (${refused})`, mend);
}

export function probeSeccomp(host: Host): Finding {
  const refused = failure(() => host.checkSeccomp());
  if (refused === undefined) return ok(SECCOMP, "filters, and actions that end the process");
  const mend = "boot a kernel with CONFIG_SECCOMP_FILTER=y, as Debian's are; or run with --no-seccomp";
  return lacking(SECCOMP, "fail", `not available (${refused})`, mend);
}

export function probeNamespaces(host: Host): Finding {
  const setting = (path: string): number | undefined => {
    const text = host.read(`/proc/sys/${path}`);
    return text === undefined ? undefined : Number(text);
  };
  const most = setting("user/max_user_namespaces");
  const lost = (found: string, mend: string): Finding => lacking(NAMESPACES, "warn", found, mend);
  if (most === undefined) return lost("not in this kernel", "boot a kernel with CONFIG_USER_NS=y, as Debian's are");
  if (most === 0) return lost("user.max_user_namespaces is 0", "sysctl user.max_user_namespaces=10000");
  if (host.uid === 0) return ok(NAMESPACES, `up to ${most}; root needs none`);
  if (setting("kernel/unprivileged_userns_clone") === 0) {
    return lost("only for root", "sysctl kernel.unprivileged_userns_clone=1");
  }
  if (setting("kernel/apparmor_restrict_unprivileged_userns") === 1) {
    return lost("AppArmor keeps them from ordinary users", "sysctl kernel.apparmor_restrict_unprivileged_userns=0");
  }
  return ok(NAMESPACES, `up to ${most}`);
}

/** Containers in a guest of the kernel that `volt kernel build` makes: Debian's runc, with all that engines set. */
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtKernel } from "../../scripts/guest-kernel.ts";
import { LIMIT, volt } from "../e2e/guests/volt.ts";
import { BUNDLE, containerDisk, MEMORY_MAX, PIDS_MAX } from "./container-guest.ts";

setDefaultTimeout(LIMIT);

/** The container's network, and one behind the guest that knows no way back to it. */
const [INSIDE, GATEWAY, OUTSIDE] = ["10.0.1.2", "10.0.1.1", "192.0.2.2"];

/** Each line begins with what it is about. */
const CONTAINER = [
  `echo "name $(hostname)"`,
  `echo "pid $$"`,
  `echo "memory $(cat /sys/fs/cgroup/memory.max)"`,
  `echo "pids $(cat /sys/fs/cgroup/pids.max)"`,
  `echo "cpu $(cat /sys/fs/cgroup/cpu.max)"`,
  `echo "seccomp $(mkdir /tmp/folder 2>&1)"`,
  `echo "root $(touch /file 2>&1)"`,
  // Made, but of no use: a control group's devices are a BPF program.
  `mknod /dev/log c 1 11; echo "device $(cat /dev/log 2>&1)"`,
  // More than it may have; the shell lives on.
  `(tail /dev/zero); echo "hog $?"`,
  `echo "forks $( (i=0; while [ $i -lt ${PIDS_MAX + 5} ]; do sleep 1 & i=$((i+1)); done) 2>&1 | grep -o "can't fork.*" | head -1)"`,
  `echo "outside $(wget -q -O - http://${OUTSIDE}/)"`,
  "exit 6",
].join("; ");

/** Debian's in place of busybox's, which makes no pairs of interfaces. */
const IP = 'ip() { /usr/sbin/ip "$@"; }';

/** The container is on a bridge; what leaves by it for another network has the guest's address. */
const HOOK = `
${IP}
ip link add bridge0 type bridge
ip link add veth0 type veth peer name veth1
ip link set veth0 master bridge0
ip addr add ${GATEWAY}/24 dev bridge0
ip link set bridge0 up
ip link set veth0 up
ip link set veth1 netns $pid
nsenter --net=/proc/$pid/ns/net sh -ec 'ip link set veth1 name eth0; ip addr add ${INSIDE}/24 dev eth0; ip link set eth0 up; ip link set lo up; ip route add default via ${GATEWAY}'
nft add table ip nat
nft 'add chain ip nat post { type nat hook postrouting priority 100; }'
nft add rule ip nat post ip saddr 10.0.1.0/24 masquerade
echo 1 >/proc/sys/net/ipv4/ip_forward`;

const GUEST = [
  IP,
  // The network outside: a server behind a cable.
  "unshare --net sh -c 'touch /tmp/apart; exec sleep 1000' & outside=$!; until [ -e /tmp/apart ]; do sleep 0.1; done",
  "ip link add out0 type veth peer name out1; ip link set out1 netns $outside",
  "ip addr add 192.0.2.1/24 dev out0; ip link set out0 up",
  `nsenter --net=/proc/$outside/ns/net sh -ec 'ip addr add ${OUTSIDE}/24 dev out1; ip link set out1 up; httpd -h /www'`,
  `runc run -b ${BUNDLE} one; echo "status $?"`,
  "cat /tmp/hook.log",
].join("; ");

const lines = new Map<string, string>();
beforeAll(async () => {
  const { name } = await builtKernel();
  const disk = join(mkdtempSync(join(tmpdir(), "volt-containers-")), "disk");
  await containerDisk(disk, CONTAINER, HOOK);
  const run = await volt(["--kernel", name, "--memory", "256M", "--disk", `${disk},root`, "--", "sh", "-c", GUEST]);
  for (const line of run.stdout.split("\n")) lines.set(line.split(" ", 1)[0]!, line.slice(line.indexOf(" ") + 1));
  console.log(run.stdout, run.log);
}, LIMIT);

test.each([
  ["namespaces: its own host name", "name", "contained"],
  ["namespaces: its shell is the first process", "pid", "1"],
  ["the control group: its memory", "memory", String(MEMORY_MAX)],
  ["the control group: its processes", "pids", String(PIDS_MAX)],
  ["the control group: half a processor", "cpu", "50000 100000"],
  ["seccomp: a refused system call", "seccomp", "mkdir: can't create directory '/tmp/folder': Operation not permitted"],
  ["a root that is read-only", "root", "touch: /file: Read-only file system"],
  ["a device that it was not given", "device", "cat: can't open '/dev/log': Operation not permitted"],
  ["a program that takes too much memory is killed", "hog", "137"],
  ["a program that forks too much is refused", "forks", "can't fork: Resource temporarily unavailable"],
  ["NAT: it reaches what knows no way to it", "outside", "from outside"],
  ["its status is runc's", "status", "6"],
])("a container has %s", (_, about, expected) => {
  expect(lines.get(about)).toBe(expected);
});

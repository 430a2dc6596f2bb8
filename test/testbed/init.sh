#!/bin/busybox sh
# The nested machine's first process: modules, mounts, then the agent takes over as process 1.
# Kernel command line: testbed.share=FOLDER is where the writable share goes, the same path as on the host.
# /modules.first and /modules.later list modules; /modules.path is the folder on the host that has all of them.
export PATH=/bin
mkdir -p /proc /sys /dev /lower /upper /root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/null
# kvm-amd without the virtual GIF and VMLOAD: QEMU's emulation of them is less sure than of the plain ones.
load() {
  while read -r module; do
    case $module in
      kvm-amd*) insmod "/modules/$module" vgif=0 vls=0 ;;
      *) insmod "/modules/$module" ;;
    esac
  done
}
load </modules.first
load </modules.later & # what the mounts below do not need, on another processor

# The host's root is the lower layer: what is written goes to memory, and is lost with the machine.
mount -t virtiofs -o ro hostroot /lower && mount -t tmpfs -o size=75% upper /upper || poweroff -f
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work root /root || poweroff -f

# Left to the new root: what systemd would have mounted and linked.
for folder in proc sys dev; do mount --move /$folder /root/$folder; done
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts -o ptmxmode=666 devpts /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t tmpfs run /root/run
mount -t cgroup2 cgroup /root/sys/fs/cgroup
mount -t securityfs security /root/sys/kernel/security
ln -s /proc/self/fd /root/dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "/root/dev/${stream#*:}"; done
for controller in $(cat /root/sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/root/sys/fs/cgroup/cgroup.subtree_control
done
ip link set lo up

# The kernel and modprobe find every other module by themselves.
release=$(uname -r)
[ -e "/root/lib/modules/$release" ] || { mkdir -p /root/lib/modules && ln -s "$(cat /modules.path)" "/root/lib/modules/$release"; }
mknod /root/dev/loop-control c 10 237

share=$(sed 's/.*testbed.share=\([^ ]*\).*/\1/' /root/proc/cmdline)
mkdir -p "/root$share"
mount -t virtiofs share "/root$share" || poweroff -f

# A real root, not a chroot: pivot_root and mount namespaces must work in here.
cp /agent /root/run/testbed-agent
wait
exec switch_root -c /dev/console /root /run/testbed-agent /dev/vport0p1

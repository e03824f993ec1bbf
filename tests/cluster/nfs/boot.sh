#!/usr/bin/env bash
# The first process of a user-mode Linux whose root is this machine's. Its kernel serves NFS 4.2 from
# memory to two hosts: a, and b in a network of its own. Each mounts it at /run/home. Then the
# script JOB runs on host a; `on_b WORDS` runs words on host b. At its end the machine halts.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
for place in /tmp /run /dev/shm; do mkdir -p $place; mount -t tmpfs -o mode=1777 tmpfs $place; done
kernel=$(uname -r)
mkdir -p /run/lib/modules /run/served /run/home /run/nfs/v4recovery
ln -s "/usr/lib/uml/modules/$kernel" "/run/lib/modules/$kernel"
for module in nfsv4 nfsd veth; do modprobe --dirname /run $module; done
touch /run/nfs/etab /run/nfs/rmtab
mount --bind /run/nfs /var/lib/nfs
mount -t nfsd nfsd /proc/fs/nfsd
mount -t tmpfs tmpfs /run/served
{
    hostname a
    ip link set lo up
    ip netns add b
    ip link add to-b type veth peer name eth0 netns b
    ip addr add 10.92.0.1/24 dev to-b
    ip link set to-b up
    ip -n b addr add 10.92.0.2/24 dev eth0
    ip -n b link set eth0 up
    rpc.mountd --no-nfs-version 3
    exportfs -o rw,fsid=0,no_root_squash,no_subtree_check,insecure '*:/run/served'
    rpc.nfsd --no-nfs-version 3 --nfs-version 4 4
} 2>/dev/null
nsenter --net=/run/netns/b unshare --uts --mount bash -c '
    hostname b
    mount -t nfs4 10.92.0.1:/ /run/home
    exec sleep infinity' &
b=$!
mount -t nfs4 10.92.0.1:/ /run/home
until [ "$(stat -f -c %T "/proc/$b/root/run/home")" = nfs ]; do sleep 0.2; done
on_b() { nsenter --target=$b --net --uts --mount --wd=/ -- "$@"; }
export -f on_b
export b
. "$JOB"
echo o >/proc/sysrq-trigger
halt -f

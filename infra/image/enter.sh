#!/bin/sh
# Runs a program in the tree of an image as a container does: `enter.sh TREE UID:GID PROGRAM [WORD...]`, as root, in
# namespaces of its own for mounts, processes, IPC and the name of the host (infra/image/confined.ts).
set -eu
tree=$1 user=$2
shift 2
mount --bind "$tree" "$tree"
mount -t tmpfs -o size=16m,mode=1777,nosuid,nodev,noexec tmpfs "$tree/tmp"
mount -t proc -o nosuid,nodev,noexec proc "$tree/proc"
mount -t tmpfs -o size=64k,mode=755,nosuid,noexec tmpfs "$tree/dev"
for device in null zero random urandom; do
  : >"$tree/dev/$device"
  mount --bind "/dev/$device" "$tree/dev/$device"
done
mount -o remount,bind,ro,nosuid,nodev "$tree"
# chroot needs three capabilities. They end with root, and with no new privileges none comes back.
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \
  chroot --userspec="$user" --groups= "$tree" "$@"

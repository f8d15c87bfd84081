#!/bin/sh
# sh tests/sandbox.sh COMMAND...: runs it with a network, processes, mounts and an /etc of its own,
# as root. When it ends, be it killed, the kernel ends every process in there and takes every
# interface, rule and mount with it. SANDBOX is a directory for it; what has to be on a real file
# system belongs there.
set -u
SANDBOX=$(mktemp -d "${TMPDIR:-/tmp}/redis-ha-sandbox-XXXXXX") || exit 1
export SANDBOX
finish() {
  # A container that was paused can't even be killed before it goes on.
  for each in freezer.state=THAWED cgroup.freeze=0; do
    find /sys/fs/cgroup -path "*/${SANDBOX##*/}*" -name "${each%=*}" 2>/dev/null |
      while read -r frozen; do echo "${each#*=}" >"$frozen"; done
  done
  # A container's control groups outlive it if its engine was killed; they go once it has ended.
  left=100
  until [ -z "$(find /sys/fs/cgroup -type d -path "*/${SANDBOX##*/}*" 2>/dev/null)" ] ||
      [ $left -eq 0 ]; do
    find /sys/fs/cgroup -depth -type d -path "*/${SANDBOX##*/}*" -exec rmdir {} + 2>/dev/null
    left=$((left - 1))
    sleep 0.1
  done
  rm -rf "$SANDBOX"
}
trap finish EXIT
# unshare takes no other signal while it waits for what it runs.
trap 'kill -KILL "$inside" 2>/dev/null; wait "$inside"; exit 1' HUP INT TERM
# All of /etc: a mount over the file alone is gone, here too, as soon as a stack beside this one
# replaces /etc/hosts.
cp -a /etc "$SANDBOX/etc" || exit 1
# Without what stacks beside it have in there at the moment.
sed "/^# BEGIN pulumi-redis-ha/,/^# END pulumi-redis-ha/d" /etc/hosts >"$SANDBOX/etc/hosts"
# shellcheck disable=SC2016
setpriv --pdeathsig KILL unshare --net --mount --pid --fork --mount-proc --kill-child=KILL sh -c '
  mount --bind "$SANDBOX/etc" /etc &&
    mkdir -p "$SANDBOX/netns" /var/run/netns &&
    mount --bind "$SANDBOX/netns" /var/run/netns &&
    ip link set lo up || exit 1
  "$@" &
  command=$!
  trap "kill $command" HUP INT TERM
  while kill -0 $command 2>/dev/null; do wait $command; status=$?; done
  exit "$status"
' sandbox "$@" &
inside=$!
wait "$inside"

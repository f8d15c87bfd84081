#!/bin/sh
# sh tests/sandbox.sh COMMAND...: runs it with a network, processes, mounts and an /etc/hosts of its own, as root. When it
# ends, be it killed, the kernel ends every process in there and takes every interface, rule and mount with it.
# SANDBOX is a directory for it; what has to be on a real file system belongs there.
set -u
SANDBOX=$(mktemp -d "${TMPDIR:-/tmp}/redis-ha-sandbox-XXXXXX") || exit 1
export SANDBOX
finish() {
  # A container's control groups outlive it if its engine was killed.
  find /sys/fs/cgroup -depth -type d -path "*/${SANDBOX##*/}*" -exec rmdir {} + 2>/dev/null
  rm -rf "$SANDBOX"
}
trap finish EXIT
trap 'kill "$inside" 2>/dev/null; wait "$inside"; exit 1' HUP INT TERM
# Without what stacks beside it have in there at the moment.
sed "/^# BEGIN pulumi-redis-ha/,/^# END pulumi-redis-ha/d" /etc/hosts >"$SANDBOX/hosts"
# shellcheck disable=SC2016
unshare --net --mount --pid --fork --mount-proc --kill-child=KILL sh -c '
  mount --bind "$SANDBOX/hosts" /etc/hosts && mkdir -p "$SANDBOX/netns" /var/run/netns && mount --bind "$SANDBOX/netns" /var/run/netns &&
    ip link set lo up || exit 1
  "$@" &
  command=$!
  trap "kill $command" HUP INT TERM
  while kill -0 $command 2>/dev/null; do wait $command; status=$?; done
  exit "$status"
' sandbox "$@" &
inside=$!
wait "$inside"

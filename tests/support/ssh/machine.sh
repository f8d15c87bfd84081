#!/bin/sh
# sh machine.sh make|remove NUMBER: namespaces with a network, processes, an sshd, an /etc, a
# /var/lib, a host name and a vm.overcommit_memory of their own, as a provider makes a machine;
# prints its address and the fingerprint of its key. AUTHORIZED is the key that it lets in, MACHINES
# the directory for all of them.
set -eu
: "${MACHINES:?}"
at=$MACHINES/$2 space=p$2 link=vethp$2 address=10.78.0.$((100 + $2))
remove() {
  if [ -f "$at/pid" ]; then
    kill -KILL "$(cat "$at/pid")" 2>/dev/null || :
    while kill -0 "$(cat "$at/pid")" 2>/dev/null; do sleep 0.1; done
  fi
  ip netns del "$space" 2>/dev/null || :
  while ip link show "$link" >/dev/null 2>&1; do sleep 0.1; done
  rm -rf "$at"
}
if [ "$1" = remove ]; then
  remove
  exit
fi
remove
mkdir -p "$at/var" && chmod 755 "$at"
ip netns add "$space"
ip link add "$link" type veth peer name eth0 netns "$space"
ip link set "$link" master br0 up
ip -n "$space" addr add "$address/24" dev eth0
ip -n "$space" link set eth0 up
ip -n "$space" link set lo up
cp -a /etc "$at/etc"
printf '127.0.0.1 localhost\n' >"$at/etc/hosts"
echo 0 >"$at/overcommit"
sed -i "/^root:/s|:[^:]*:[^:]*\$|:$at:/bin/sh|" "$at/etc/passwd"
ssh-keygen -q -t ed25519 -N '' -f "$at/ed25519"
printf '%s\n' "$AUTHORIZED" >"$at/authorized"
printf '%s\n' "HostKey $at/ed25519" "AuthorizedKeysFile $at/authorized" 'StrictModes no' \
  'UsePAM no' 'PidFile none' 'PermitRootLogin yes' >"$at/sshd_config"
# It boots for a while after the provider has called it made.
text="hostname redis$2; mount --bind $at/etc /etc; mount --bind $at/var /var/lib; mount --bind $at/overcommit /proc/sys/vm/overcommit_memory; sleep 15; exec /usr/sbin/sshd -D -f $at/sshd_config -E $at/sshd.log"
setsid nsenter --net="/var/run/netns/$space" unshare --mount --uts --pid --fork --kill-child \
  --mount-proc sh -ec "$text" </dev/null >/dev/null 2>&1 &
echo $! >"$at/pid"
echo "$address $(ssh-keygen -lf "$at/ed25519.pub" | cut -d ' ' -f 2)"

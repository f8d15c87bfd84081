#!/bin/sh
# The bare baseline on three machines: the same steps as the stack's over plain ssh, the machines
# side by side where order does not matter, polled until the sentinels agree.
# usage: ssh-baseline.sh up|roll|down SSH-COMMAND ADDRESS ADDRESS ADDRESS
set -eu
action=$1 ssh=$2
shift 2
on() { $ssh "root@$1" sh -es; }
everywhere() {
  pids=
  for address in "$@"; do
    words "$address" | on "$address" >/dev/null &
    pids="$pids $!"
  done
  for pid in $pids; do wait "$pid"; done
}
unit() {
  cat <<END
cat >/etc/systemd/system/bare-$1.service <<UNIT
[Service]
User=bare
ExecStart=/usr/bin/redis-server /var/lib/bare/$1/$1.conf $2
Restart=always
LimitNOFILE=65536
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload; systemctl enable --quiet --now bare-$1
END
}
linked() {
  for each in "$@"; do
    until redis-cli -h "$each" -p 6379 INFO replication 2>/dev/null |
        grep -q '^master_link_status:up'; do
      sleep 0.05
    done
  done
}
master=$1

case $action in
  up)
    words() {
      echo "useradd --system --user-group bare; mkdir -p /var/lib/bare/node /var/lib/bare/sentinel; sysctl -qw vm.overcommit_memory=1 2>/dev/null || true"
      [ "$1" = "$master" ] || replicaof="replicaof $master 6379"
      printf "printf 'bind %s\nprotected-mode no\nport 6379\ndir /var/lib/bare/node\nappendonly yes\nrepl-diskless-sync-delay 0\n%s\n' >/var/lib/bare/node/node.conf\n" \
        "$1" "${replicaof:-}"
      printf "printf 'bind %s\nport 26379\ndir /var/lib/bare/sentinel\nsentinel monitor redis-ha %s 6379 2\n' >/var/lib/bare/sentinel/sentinel.conf\n" \
        "$1" "$master"
      echo "chown -R bare /var/lib/bare"
      unit node ''
    }
    everywhere "$@"
    linked "$2" "$3"
    words() { unit sentinel --sentinel; }
    everywhere "$@"
    for each in "$@"; do
      until redis-cli -h "$each" -p 26379 SENTINEL MASTER redis-ha 2>/dev/null | tr '\n' ' ' |
          grep -q 'num-slaves 2 num-other-sentinels 2 '; do
        sleep 0.05
      done
    done
    redis-cli -h "$master" -p 6379 SET baseline 1 >/dev/null
    ;;
  roll)
    words() {
      echo "echo 'databases 17' >>/var/lib/bare/node/node.conf; systemctl restart bare-node"
    }
    for each in "$2" "$3"; do
      everywhere "$each"
      linked "$each"
    done
    everywhere "$master"
    linked "$2" "$3"
    ;;
  down)
    words() {
      echo "systemctl disable --quiet --now bare-node bare-sentinel; rm -rf /etc/systemd/system/bare-* /var/lib/bare; systemctl daemon-reload; userdel bare"
    }
    everywhere "$@"
    ;;
esac

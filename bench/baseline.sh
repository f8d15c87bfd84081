#!/bin/sh
# The bare baseline on this machine: the same processes, started by a plain script, polled until the
# sentinels agree; "roll" restarts one node after the other with another setting, the master last.
# usage: baseline.sh up|roll|down DIRECTORY PORT NODES (16300-like: nodes at PORT.., three sentinels
# at PORT+50..)
set -eu
action=$1 directory=$2 port=$3 nodes=$4
mkdir -p "$directory"
cd "$directory"
start() {
  name=$1
  shift
  (
    cd "$name" && exec setsid redis-server "$@" >>log 2>&1 </dev/null &
    echo $! >"$directory/$name.pid"
  )
}
end() {
  read -r pid <"$1.pid"
  kill "-$2" "$pid" 2>/dev/null || :
  while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}
linked() {
  until redis-cli -p $((port + $1)) INFO replication 2>/dev/null |
      grep -q '^master_link_status:up'; do
    sleep 0.05
  done
}
replicas=$(seq 1 $((nodes - 1)))

case $action in
  up)
    for each in 0 $replicas; do
      mkdir "node$each"
      {
        printf 'bind 127.0.0.1\nport %s\ndir %s\nappendonly yes\nrepl-diskless-sync-delay 0\n' \
          $((port + each)) "$directory/node$each"
        [ "$each" = 0 ] || echo "replicaof 127.0.0.1 $port"
      } >"node$each/node.conf"
      start "node$each" node.conf
    done
    for each in $replicas; do linked "$each"; done
    for each in 0 1 2; do
      mkdir "sentinel$each"
      printf 'bind 127.0.0.1\nport %s\ndir %s\nsentinel monitor redis-ha 127.0.0.1 %s 2\nsentinel down-after-milliseconds redis-ha 10000\n' \
        $((port + 50 + each)) "$directory/sentinel$each" "$port" >"sentinel$each/sentinel.conf"
      start "sentinel$each" sentinel.conf --sentinel
    done
    for each in 0 1 2; do
      until redis-cli -p $((port + 50 + each)) SENTINEL MASTER redis-ha 2>/dev/null | tr '\n' ' ' |
          grep -q "num-slaves $((nodes - 1)) num-other-sentinels 2 "; do
        sleep 0.05
      done
    done
    redis-cli -p "$port" SET baseline 1 >/dev/null
    ;;
  roll)
    for each in $replicas 0; do
      echo 'databases 17' >>"node$each/node.conf"
      end "node$each" TERM
      start "node$each" node.conf
      [ "$each" = 0 ] || linked "$each"
    done
    for each in $replicas; do linked "$each"; done
    ;;
  down)
    for each in *.pid; do end "${each%.pid}" KILL; done
    rm -rf "$directory"
    ;;
esac

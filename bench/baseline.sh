#!/bin/sh
# The bare baseline: the same six processes, started by a plain script, polled until the sentinels
# agree.
# usage: baseline.sh DIRECTORY PORT (16300-like: nodes at PORT.., sentinels at PORT+50..)
set -eu
directory=$1 port=$2
mkdir -p "$directory"
cd "$directory"
for each in 0 1 2; do
  mkdir "node$each" "sentinel$each"
  {
    printf 'bind 127.0.0.1\nport %s\ndir %s\nappendonly yes\nrepl-diskless-sync-delay 0\n' \
      $((port + each)) "$directory/node$each"
    [ $each = 0 ] || echo "replicaof 127.0.0.1 $port"
  } >"node$each/node.conf"
  (
    cd "node$each" && exec setsid redis-server node.conf >log 2>&1 </dev/null &
    echo $! >"$directory/node$each.pid"
  )
done
for each in 1 2; do
  until redis-cli -p $((port + each)) INFO replication 2>/dev/null |
      grep -q '^master_link_status:up'; do
    sleep 0.05
  done
done
for each in 0 1 2; do
  printf 'bind 127.0.0.1\nport %s\ndir %s\nsentinel monitor redis-ha 127.0.0.1 %s 2\nsentinel down-after-milliseconds redis-ha 10000\n' \
    $((port + 50 + each)) "$directory/sentinel$each" "$port" >"sentinel$each/sentinel.conf"
  (
    cd "sentinel$each" && exec setsid redis-server sentinel.conf --sentinel >log 2>&1 </dev/null &
    echo $! >"$directory/sentinel$each.pid"
  )
done
for each in 0 1 2; do
  until redis-cli -p $((port + 50 + each)) SENTINEL MASTER redis-ha 2>/dev/null | tr '\n' ' ' |
      grep -q 'num-slaves 2 num-other-sentinels 2 '; do
    sleep 0.05
  done
done
redis-cli -p "$port" SET baseline 1 >/dev/null

#!/bin/sh
# The bare baseline in containers: the same six by plain docker commands, polled until the sentinels
# agree; "roll" restarts one node after the other with another setting, the master last; "replace"
# puts six others of another image in their place.
# usage: docker-baseline.sh up|roll|replace|down ENGINE IMAGE DIRECTORY
set -eu
action=$1 engine=$2 image=$3 directory=$4
on() { docker -H "$engine" "$@"; }
run() {
  bare=bare-$1 settings=$directory/$1:/settings port=$2 conf=/settings/$1.conf
  shift 2
  on run -d --name "$bare" --network bare -v "$bare:/data" -v "$settings" -w /data \
    -p "127.0.0.1:$port:$port" "$image" /usr/bin/redis-server "$conf" "$@" >/dev/null
}
linked() {
  for each in "$@"; do
    until redis-cli -p "2200$each" INFO replication 2>/dev/null |
        grep -q '^master_link_status:up'; do
      sleep 0.05
    done
  done
}
agree() {
  for each in "$@"; do
    until redis-cli -p "2205$each" SENTINEL MASTER redis-ha 2>/dev/null | tr '\n' ' ' |
        grep -q 'flags master .*num-slaves 2 num-other-sentinels 2 '; do
      sleep 0.05
    done
  done
}

case $action in
  up)
    on network create bare >/dev/null
    for each in 1 2 3; do
      mkdir -p "$directory/node$each" "$directory/sentinel$each"
      {
        printf 'protected-mode no\nport 2200%s\nappendonly yes\nrepl-diskless-sync-delay 0\nreplica-announce-ip bare-node%s\n' \
          $each $each
        [ $each = 1 ] || echo 'replicaof bare-node1 22001'
      } >"$directory/node$each/node$each.conf"
      run node$each 2200$each
    done
    linked 2 3
    for each in 1 2 3; do
      printf 'protected-mode no\nport 2205%s\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel announce-ip bare-sentinel%s\nsentinel monitor redis-ha bare-node1 22001 2\n' \
        $each $each >"$directory/sentinel$each/sentinel$each.conf"
      run sentinel$each 2205$each --sentinel
    done
    agree 1 2 3
    redis-cli -p 22001 SET baseline 1 >/dev/null
    ;;
  roll)
    for each in 2 3 1; do
      echo 'databases 17' >>"$directory/node$each/node$each.conf"
      on restart bare-node$each >/dev/null
      [ $each = 1 ] || linked $each
    done
    linked 2 3
    ;;
  replace)
    for each in 2 3 1; do
      on rm -f bare-node$each >/dev/null
      run node$each 2200$each
      [ $each = 1 ] || linked $each
    done
    linked 2 3
    for each in 1 2 3; do
      on rm -f bare-sentinel$each >/dev/null
      run sentinel$each 2205$each --sentinel
      agree $each
    done
    ;;
  down)
    for each in node1 node2 node3 sentinel1 sentinel2 sentinel3; do
      on rm -f "bare-$each" >/dev/null
      on volume rm "bare-$each" >/dev/null
    done
    on network rm bare >/dev/null
    rm -rf "$directory"
    ;;
esac

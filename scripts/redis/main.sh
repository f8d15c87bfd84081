#!/bin/sh
# The lifecycle of one Redis node or one Sentinel, the same on every kind of host.
#
#   sh lifecycle.sh exec DIRECTORY      decide the role, write the run-time configuration, become the server
#   sh lifecycle.sh ready DIRECTORY     0: ready, 1: not yet (says what it waits for), 2: never will be
#   sh lifecycle.sh alive DIRECTORY     0: the server answers, be it that it is still loading
#   sh lifecycle.sh reload DIRECTORY    0: the running server has the settings in the directory, be it that they were set
#                                       now; 1: it needs a restart
#   sh lifecycle.sh handover DIRECTORY  if this is the master and somebody can take over: hand over, losing no write
#   sh lifecycle.sh retry DIRECTORY     0: the start failed for a reason that passes by itself (says which)
#   sh lifecycle.sh place DIRECTORY     while this node waits to be told who is the master: ask again, until it has its role
#   sh lifecycle.sh orphan DIRECTORY    print the pid of a server that runs on this directory's configuration
#   sh lifecycle.sh check DIRECTORY     0: the whole topology is what it should be, at this moment
#   sh lifecycle.sh verify DIRECTORY    wait until the whole topology is what it should be, or say what is not
#
# DIRECTORY/parameters holds sh assignments (components/parameters.ts lists them), DIRECTORY/settings.conf
# the stack's settings, for Sentinel DIRECTORY/masters.conf its options per master. Everything else in there
# belongs to the server. Needs a POSIX sh, the usual small tools and redis-cli (or valkey-cli).
# FIRST_CREATION=1 in the environment: the stack says that nothing of its deployment was ever ready, on any host.
set -u
umask 077
LC_ALL=C
export LC_ALL

action=${1:?action} directory=${2:?directory}
cd "$directory" || exit 2
# shellcheck source=/dev/null
. ./parameters || exit 2
: "${kind:?}" "${name:?}" "${host:?}" "${address:?}" "${port:?}" "${server:?}" "${cli:?}" "${names:?}" "${nodes:?}"
: "${ask_limit:?}" "${verify_limit:?}" "${master:=}" "${initial:=}" "${sentinels:=}" "${peers:=}" "${monitored:=}"
: "${replicaof:=}" "${pause_write:=}" "${min_replicas:=}" "${min_replicas_value:=}" "${data_files:=}"

say() { printf '%s: %s\n' "$name" "$*"; }
refuse() { say "$*" >&2; exit 2; }

# Without it every server would look dead.
command -v "$cli" >/dev/null || refuse "the program $cli is missing on $host"

# use lib/ask.sh
# use redis/sentinels.sh
# use redis/data.sh
# use redis/role.sh
# use redis/start.sh
# use redis/sentinel-state.sh
# use redis/ready.sh
# use redis/switchover.sh
# use redis/rejoin.sh
# use redis/reload.sh
# use redis/health.sh

# What looks at a running server must work on a full disk, too.
case $action in alive | reload | orphan) ;; *) make_scratch ;; esac

case $action in
  exec) "exec_$kind" ;;
  ready) "ready_$kind" ;;
  alive) [ -n "$(ask_me PING)" ] ;;
  reload) reload ;;
  handover) [ "$kind" != node ] || handover ;;
  retry) only_held_by_a_connection ;;
  orphan)
    ours=$(ask_me INFO server)
    [ "$(printf '%s\n' "$ours" | field config_file)" != "$directory/$kind.conf" ] || printf '%s\n' "$ours" | field process_id
    ;;
  check)
    # The first one tells enough, and after it nobody who is slow to answer is waited for again. Where the signal of a
    # closed pipe is ignored, as under systemd, the ones after it would complain.
    problem=$(check 2>/dev/null | head -n 1)
    if [ -n "$problem" ]; then
      echo "$problem"
      exit 1
    fi
    ;;
  verify) verify ;;
  place) place ;;
  *) refuse "unknown action $action" ;;
esac

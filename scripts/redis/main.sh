#!/bin/sh
# The lifecycle of one Redis node or one Sentinel, the same on every kind of host.
#
#   sh lifecycle.sh exec DIRECTORY    decide the role, write the run-time configuration, become the
#                                     server
#   sh lifecycle.sh ready DIRECTORY   0: ready, 1: not yet (says what it waits for), 2: never will
#                                     be
#   sh lifecycle.sh alive DIRECTORY   0: the server answers, be it that it is still loading
#   sh lifecycle.sh unchanged DIRECTORY
#                                     0: it answers, and has the settings that the stack has set; 1:
#                                     it does not; 3: it has others (says which)
#   sh lifecycle.sh note DIRECTORY    what it has now is what the stack has set
#   sh lifecycle.sh silence DIRECTORY PID SECONDS
#                                     of one that was asked in vain for SECONDS: 0: it answers; 1:
#                                     it may be killed; 2: it may not (says why, and what to do); 3:
#                                     wait (says for what)
#   sh lifecycle.sh trial DIRECTORY   0: the server takes the settings in the directory, tried by
#                                     one that is not this one; 2: it does not (says why)
#   sh lifecycle.sh reload DIRECTORY  0: the running server has the settings in the directory, be it
#                                     that they were set now; 1: it needs a restart; 2: it refuses
#                                     them, or cannot be asked, and has what it had (says why)
#   sh lifecycle.sh handover DIRECTORY [SETTINGS [NODE]]
#                                     if this is the master and somebody can take over: hand over,
#                                     losing no write; to that NODE, or refuse with the reason (2)
#   sh lifecycle.sh close DIRECTORY SETTINGS PID
#                                     end the server that is that process, where no snapshot has to
#                                     be written for that; else nothing, and a signal is to follow
#   sh lifecycle.sh guard DIRECTORY   beside a hand-over, told of it on stdin: finishes or undoes it
#                                     if that ends or hangs
#   sh lifecycle.sh retire DIRECTORY  of one that the program no longer has: hand over if this is
#                                     the master, wait until it may stop (0), or refuse with the
#                                     reason (2); SETTINGS/staying says who stays
#   sh lifecycle.sh resync DIRECTORY  print why a synchronisation does not come to its end, if the
#                                     master tells
#   sh lifecycle.sh retry DIRECTORY   0: the start failed for a reason that passes by itself (says
#                                     which)
#   sh lifecycle.sh place DIRECTORY   what is left to do once it runs: while a node waits to be told
#                                     who is the master, ask again until it has its role
#   sh lifecycle.sh watch DIRECTORY   beside a node that its parent would start again: note, each
#                                     second, how far its append-only file is
#   sh lifecycle.sh leave DIRECTORY SETTINGS crashing|slow
#                                     of one that has ended by itself, again and again or with much
#                                     to load: end once another node is the master, or nobody is
#                                     going to be
#   sh lifecycle.sh orphan DIRECTORY  print the pid of a server that runs on this directory's
#                                     configuration
#   sh lifecycle.sh check DIRECTORY   0: the whole topology is what it should be, at this moment; says
#                                     what is not, and, last, who the master is: "leader NODE"
#   sh lifecycle.sh leader DIRECTORY  say that alone
#   sh lifecycle.sh verify DIRECTORY  wait until the whole topology is what it should be, or say
#                                     what is not
#
# SETTINGS, a directory, may follow each of these; without it, it is DIRECTORY. SETTINGS/parameters
# holds sh assignments (components/redis/lifecycleParameters.ts lists them), SETTINGS/settings.conf
# the stack's settings, for Sentinel SETTINGS/masters.conf its options per master, and, where
# servers want passwords, SETTINGS/credentials those of the scripts (lib/client.sh). FILE.next beside
# one of them is what a step is about to put in its place: trial and reload are about that.
# place, watch and leave end with the process "PID BIRTH" whose words come last, if they do.
# Everything else in DIRECTORY belongs to the server: where that runs as a user of its own, the
# settings are another's, and the server can't change what is run. Needs a POSIX sh, the usual small
# tools and redis-cli (or valkey-cli). FIRST_CREATION=1 in the environment: the stack says that
# nothing of its deployment was ever ready, on any host.
set -u
umask 077
LC_ALL=C
export LC_ALL

action=${1:?action} directory=${2:?directory} settings=${3:-$2}
cd "$directory" || exit 2
# A FIFO would be waited on for ever.
for each in "$settings/parameters" "$settings/parameters.next" "$settings/staying"; do
  [ ! -e "$each" ] || [ -f "$each" ] || {
    echo "$each is no file: remove it, then try again" >&2
    exit 2
  }
done
# Parameters of whoever has no users of the stack's own say nothing of it.
auth=''
# shellcheck source=/dev/null
if [ "$action" != trial ] || [ ! -e "$settings/parameters.next" ]; then
  . "$settings/parameters"
else
  . "$settings/parameters.next"
fi || exit 2
: "${kind:?}" "${name:?}" "${host:?}" "${address:?}" "${port:?}" "${server:?}" "${cli:?}" \
  "${names:?}" "${nodes:?}"
: "${ask_limit:?}" "${ready_limit:?}" "${verify_limit:?}" "${master:=}" "${initial:=}" \
  "${sentinels:=}" "${peers:=}" "${monitored:=}"
: "${outage_limit:=60}" "${replicaof:=}" "${pause_write:=}" "${check_quorum:=}" "${min_replicas:=}" \
  "${min_replicas_value:=}" "${forget:=}"
: "${program:=}" "${append_only:=}" "${multi_part:=}" "${rdb_name:=}" "${aof_name:=}" "${aof_dir:=}"

say() { printf '%s: %s\n' "$name" "$*"; }
refuse() { say "$*" >&2; exit 2; }

# That of what is to come will do: the one before may have been removed.
# shellcheck source=/dev/null
if [ -e parameters.next ] && ! command -v "$cli" >/dev/null; then
  cli=$(. ./parameters.next && echo "$cli")
fi
# Without it every server would look dead.
command -v "$cli" >/dev/null || refuse "the program $cli is missing on $host"

# use lib/ask.sh
# use lib/ask-each.sh
credentials=''
# Without users of the stack's own a file of that name is somebody else's.
if [ -n "$auth" ]; then
  credentials=$settings/credentials
  if [ "$action" = trial ] && [ -e "$credentials.next" ]; then credentials=$credentials.next; fi
fi
read_credentials "$credentials"
# use lib/first-line.sh
# use lib/space.sh
# use lib/paused.sh
# use redis/sentinels.sh
# use redis/failover.sh
# use redis/data.sh
# use redis/role.sh
# use redis/access.sh
# use redis/start.sh
# use redis/sentinel-state.sh
# use redis/membership.sh
# use redis/ready.sh
# use lib/born.sh
# use lib/links.sh
# use redis/settlement.sh
# use redis/election.sh
# use redis/switchover.sh
# use redis/retirement.sh
# use redis/outage.sh
# use redis/relink.sh
# use redis/rejoin.sh
# use redis/leave.sh
# use redis/data/load-time.sh
# use redis/close.sh
# use redis/trial.sh
# use redis/version.sh
# use redis/program.sh
# use redis/reload.sh
# use redis/drift.sh
# use redis/silence.sh
# use redis/resync.sh
# use redis/judge.sh
# use redis/health.sh

if [ -e "$settings/staying" ]; then with_staying; fi

# A server that has to be looked at, or handed over, must not stand or fall with a full disk.
case $action in
  alive | unchanged | note | silence | resync | trial | reload) ;;
  orphan | handover | retire | close | guard | place | watch | leave | retry) ;;
  *) no_room=$(writable "$directory") || refuse "$directory on $host cannot be written: $no_room" ;;
esac

case $action in
  exec) "exec_$kind" ;;
  ready) "ready_$kind" ;;
  # An error is a sign of life, too.
  alive) [ -n "$(any_reply)" ] ;;
  unchanged) unchanged ;;
  note) note_settings ;;
  silence) silence "${4:?}" "${5:?}" ;;
  trial) trial ;;
  reload) reload ;;
  handover) [ "$kind" != node ] || handover "${4:-}" ;;
  close) close_server "${4:?}" ;;
  retire) retire ;;
  guard) guard ;;
  resync) why_not_synchronised ;;
  retry) only_held_by_a_connection ;;
  orphan)
    ours=$(ask_me INFO server)
    [ "$(printf '%s\n' "$ours" | field config_file)" != "$directory/$kind.conf" ] ||
      printf '%s\n' "$ours" | field process_id
    ;;
  check)
    # A machine that is busy for a moment is asked again, before it is said that something is wrong.
    for _ in 1 2 3; do
      ask_all whole
      problem=$(judge | of broken)
      case $problem in *'no answer within'*) ;; *) break ;; esac
    done
    # The first one tells enough.
    [ -z "$problem" ] || echo "${problem%%"$newline"*}"
    echo "leader $named"
    [ -z "$problem" ] || exit 1
    ;;
  leader) echo "leader $(named_master)" ;;
  verify) not_paused "${0%/*}" && verify ;;
  place) place "${4:-}" ;;
  watch) watch "${4:-}" ;;
  leave) leave "${4:?}" "${5:-}" ;;
  *) refuse "unknown action $action" ;;
esac

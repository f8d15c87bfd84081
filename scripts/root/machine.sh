#!/bin/sh
# What root does for the stack on a machine. The processes run as a user of their own, which can
# change nothing of what root runs or reads; where systemd runs, each is a service.
#
#   sh machine.sh prepare                user and directories
#   sh machine.sh create|update NAME STOPSECONDS [known]
#                                        settings on stdin: put them, keep the process as host.sh
#                                        does; its service gets that long to end
#   sh machine.sh retire NAME            of one that the program no longer has: who stays on stdin; hand
#                                        over if it is the master, and end it
#   sh machine.sh members                retire whatever is on this machine and not in the program
#                                        (on stdin: who is, and where)
#   sh machine.sh delete NAME            end it, and remove its directories and its service
#   sh machine.sh start|stop|kill NAME   by hand; a killed one stays away until it is started
#   sh machine.sh handover NAME [NODE]   hand a master over
#   sh machine.sh verify NAME            lifecycle.sh verify
#   sh machine.sh uninstall              undo whatever is still there
#
# machine.conf beside it (sh assignments): user=, unit= (in front of the services' names), owner=
# (tells stacks apart), services= (0: none, though systemd runs).
# settings/NAME is root's, and the user's group may read it: the settings, the identity and what was
# verified. All in processes/ is the user's: nothing in there is read, run or followed by root, who
# has the user do that (as_user).
set -u
umask 022
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd) || exit 1
action=${1:?action} stop_seconds=${3:-150} known_before=${4:-}
user='' unit='' owner='' services=1 shared=
# shellcheck source=/dev/null
. "$here/machine.conf" && . "$here/shared.sh" || exit 1
fail() { echo "$*" >&2; exit 1; }

# use lib/born.sh
# use lib/as-user.sh
# use lib/space.sh
# use supervisor/lock.sh
# use lib/paused.sh

# of NAME: sets what is known of that process; directory is what lock.sh locks.
of() {
  name=$1
  directory=$here/settings/$name own=$here/processes/$name service=$unit-$name.service
  # A synchronisation may take hours, and goes on where nobody waits for it; all else has limits of
  # its own, and this one ends what somebody holds up.
  as_limit=21600
}
of "${2:-}"

# use root/user.sh
# use root/unit.sh
# use root/service.sh
# use root/settings.sh
# use root/process.sh
# use lib/marks.sh
# use supervisor/members.sh

has_systemd() { [ "$services" = 1 ] && [ -d /run/systemd/system ]; }

# alone COMMAND: of all stacks, and all hosts of one, on this machine, one at a time. Nothing comes
# after it that asks for directory.
alone() {
  directory=$shared
  lock
  "$@"
  rm -rf "$directory.lock"
  trap - EXIT
}

# host ACTION [PARENT [known]]: host.sh, as the process's user.
host() { as_user sh "$here/host.sh" "$1" "$own" "$directory" "${2:-}" "${3:-}" </dev/null; }

# seconds LIMIT: what the settings have for it.
seconds() { (
  stop_limit=60 verify_limit=60
  # shellcheck source=/dev/null
  [ ! -s "$directory/parameters" ] || . "$directory/parameters"
  case $1 in stop) echo "$stop_limit" ;; verify) echo "$verify_limit" ;; esac
); }

prepare() {
  mkdir -p "$here/processes" "$here/settings" || fail "$here cannot be written"
  alone add_user
  # The servers' user has to get through to what root has put there.
  if [ -e "${here%/*}/made" ]; then
    while read -r each; do [ ! -d "$each" ] || chmod 755 "$each"; done <"${here%/*}/made"
  fi
  chmod 755 "$here" "$here/settings" "$here"/*.sh &&
    chown "$user" "$here/processes" &&
    chmod 700 "$here/processes" || exit 1
}

uninstall() {
  for each in "$here"/settings/*/; do
    each=${each%/}
    case $each in *.lock | *'*') continue ;; esac
    of "${each##*/}"
    delete
  done
  # By whom it belongs to: who removes what others can move about meanwhile may be led elsewhere.
  if [ -d "$here/processes" ] && id "$user" >/dev/null 2>&1; then
    # shellcheck disable=SC2016
    as_user sh -c 'cd "$1" && rm -rf -- * .[!.]* ..?*' sh "$here/processes" </dev/null
    rmdir "$here/processes" ||
      fail "$here/processes cannot be removed: look at what is in there, then try again"
  fi
  rm -rf "$here/processes"
  alone remove_user
  rm -rf "$here/settings"
  sh "$here/host.sh" uninstall
}

case $action in
  prepare) prepare ;;
  create | update) keep "$action" ;;
  retire) retire ;;
  members) not_paused "$here" && members settings/ ;;
  delete) delete ;;
  verify) verify ;;
  handover)
    as_limit=300
    host handover "${3:-}"
    ;;
  start)
    if has_systemd; then service_up; else host start; fi
    ;;
  stop)
    as_limit=$(($(seconds stop) + 300))
    if has_systemd; then systemctl stop "$service"; else host stop; fi
    ;;
  kill)
    as_limit=300
    if has_systemd; then
      killed=/run/systemd/system/$service.d
      mkdir -p "$killed" && printf '[Service]\nRestart=no\n' >"$killed/stays-away.conf" &&
        systemctl daemon-reload
      systemctl kill --signal=KILL "$service"
    else
      host kill
    fi
    ;;
  uninstall) uninstall ;;
  *) fail "unknown action $action" ;;
esac

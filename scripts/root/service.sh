#!/bin/sh
# What root does for the stack on a machine. The processes run as a user of their own, which can
# change nothing of what root runs or reads; where systemd runs, each is a service.
#
#   sh machine.sh prepare                user and directories
#   sh machine.sh create|update NAME STOPSECONDS [known]
#                                        settings on stdin: put them, keep the process as host.sh
#                                        does; its service gets that long to end
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

# of NAME: sets what is known of that process; directory is what lock.sh locks.
of() {
  name=$1
  directory=$here/settings/$name own=$here/processes/$name service=$unit-$name.service
  # A synchronisation may take hours, and goes on where nobody waits for it; all else has limits of
  # its own, and this one ends what somebody holds up.
  as_limit=21600
}
of "${2:-}"

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

# free_id: a number that no user, no group and no process has. Those of containers (999, in Redis'
# own images) are users here as well: they would own the files of ours.
free_id() {
  {
    awk -F : '{ print $3 }' /etc/passwd /etc/group
    cat /proc/[0-9]*/status 2>/dev/null | awk '/^[UG]id:/ { for (i = 2; i <= NF; i++) print $i }'
  } | awk '{ taken[$1] = 1 } END { for (id = 899; id > 500 && id in taken; id--); print id }'
}

add_user() {
  join "user-$user"
  id "$user" >/dev/null 2>&1 && return
  note "user-$user" "$user"
  shell=$(command -v nologin || echo /bin/false) free_id=$(free_id)
  if command -v useradd >/dev/null; then
    useradd --system --user-group --uid "$free_id" --home-dir "$here" --no-create-home \
      --shell "$shell" "$user"
  else
    addgroup -S -g "$free_id" "$user" &&
      adduser -S -D -H -h "$here" -s "$shell" -u "$free_id" -G "$user" "$user"
  fi || fail "the user $user cannot be made"
}

# What has just been told to end may need a moment.
remove_user() {
  leave "user-$user" || return 0
  user_left=50
  while id "$user" >/dev/null 2>&1; do
    if command -v userdel >/dev/null; then
      said=$(userdel "$user" 2>&1)
    else
      said=$(deluser "$user" 2>&1)
    fi && break
    user_left=$((user_left - 1))
    [ $user_left -gt 0 ] || {
      join "user-$user" && note "user-$user" "$user"
      fail "the user $user, which was made for the servers, cannot be removed: $said. End what runs as that user (ps -fu $user), then try again"
    }
    sleep 0.1
  done
  if getent group "$user" >/dev/null 2>&1; then groupdel "$user" 2>/dev/null || delgroup "$user"; fi
}

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

# What a unit may forbid itself; kernels and containers that refuse one of these would refuse the
# whole unit.
hardening='NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service'

# runs_with PROPERTIES: there is such a thing here, and our directory, be it in /home or /tmp, is
# not taken away by it.
runs_with() {
  printf '%s\n' "$1" | {
    set -- systemd-run --quiet --wait --collect "--uid=$user" -p "ReadWritePaths=$here/processes"
    while read -r property; do set -- "$@" -p "$property"; done
    "$@" /bin/sh -c "test -r $here/host.sh && test -x $here/settings && test -w $here/processes" \
      >/dev/null 2>&1
  }
}

# Asked once a boot and machine: it takes a while.
usable_hardening() {
  known=$here/hardening
  if [ ! -s "$known" ]; then
    if runs_with "$hardening"; then
      printf '%s\n' "$hardening" >"$known"
    else
      printf '%s\n' "$hardening" | while read -r property; do
        if runs_with "$property" </dev/null; then
          echo "$property"
        else
          echo "# refused here: $property"
        fi
      done >"$known"
    fi
  fi
  cat "$known"
}

unit_text() {
  cat <<END
# Made by Pulumi for $unit; do not edit.
[Unit]
Description=Redis HA, $name
Wants=network-online.target
After=network-online.target
# A full disk, say, must not make it give up for good.
StartLimitIntervalSec=0

[Service]
User=$user
UMask=0077
WorkingDirectory=/
# Where cloud-init writes /etc/hosts anew at each boot.
ExecStartPre=-+/bin/sh $here/host.sh again hosts-entries.sh
ExecStart=/bin/sh $here/host.sh supervise $own $directory
Restart=always
RestartSec=1
# The first process hands over, then ends the server: nobody else gets the signal, and both need
# their time.
KillMode=mixed
TimeoutStopSec=$stop_seconds
LimitNOFILE=65536
ReadWritePaths=$here/processes
$(usable_hardening)

[Install]
WantedBy=multi-user.target
END
}

put_unit() {
  wanted=$(unit_text) file=/etc/systemd/system/$service
  [ "$wanted" != "$(cat "$file" 2>/dev/null)" ] || return 0
  known=
  if [ -e "$file" ]; then
    known=1
    grep -q -F "$here/host.sh" "$file" ||
      fail "$file is there already, and not of this stack: give the stack, or the component, another name"
  fi
  if ! { printf '%s\n' "$wanted" >"$file.new" && mv "$file.new" "$file"; }; then
    fail "$file cannot be written"
  fi
  # One that is new, enabling makes known.
  [ -z "$known" ] || systemctl daemon-reload
}

service_up() {
  killed=/run/systemd/system/$service.d
  if [ -d "$killed" ]; then
    rm -rf "$killed"
    systemctl daemon-reload
  fi
  systemctl enable --quiet --now "$service" || {
    journalctl -u "$service" -n 10 --no-pager >&2
    fail "the service $service does not start"
  }
}

service_gone() {
  [ -e "/etc/systemd/system/$service" ] || return 0
  systemctl disable --quiet --now "$service" 2>/dev/null
  rm -f "/etc/systemd/system/$service"
  systemctl daemon-reload
  systemctl reset-failed "$service" 2>/dev/null
  as_user rm -rf "$own.supervisor" "$own.held" "$own.wanted" </dev/null
}

# put NAME CONTENT: one of the settings, staged beside what the process runs with until host.sh asks
# for it.
put() {
  rm -f "$directory/$1.next"
  if [ -e "$directory/$1" ] && [ "$(cat "$directory/$1"; echo .)" = "$2." ]; then return; fi
  record "$1.next" "$2"
  staged="$staged $1"
}

# commit_when_asked: the user can ask for it, by a file, and for nothing else.
commit_when_asked() {
  while kill -0 $$ 2>/dev/null; do
    if [ -e "$own.commit" ]; then
      for each in $staged; do mv "$directory/$each.next" "$directory/$each"; done
      return
    fi
    sleep 0.1
  done
}

# record NAME CONTENT: one of the process's files that are not its own.
record() {
  if [ ! -e "$directory/$1" ] || [ "$(cat "$directory/$1"; echo .)" != "$2." ]; then
    if ! {
      (umask 077; printf '%s' "$2" >"$directory/$1.new") && for_group "$directory/$1.new" 640 &&
        mv "$directory/$1.new" "$directory/$1"
    }; then
      rm -f "$directory/$1.new"
      fail "$directory/$1 cannot be written"
    fi
  fi
  for_group "$directory/$1" 640
}

# for_group FILE MODE: the servers' user may read it; they hold what others are not to know.
for_group() { chgrp "$(id -g "$user")" "$1" && chmod "$2" "$1"; }

# What undo_create (lock.sh) does before it removes what a create that failed has made.
end_process() {
  host delete
  ! has_systemd || service_gone
}

keep() {
  lock
  if [ ! -d "$directory" ]; then
    mkdir "$directory" || fail "$directory cannot be made"
    [ "$1" != create ] || made=1
  fi
  for_group "$directory" 750 || exit 1
  instance=
  eval "$(cat)"
  if has_systemd; then
    put_unit
    service_up
  fi
  as_user rm -f "$own.commit" </dev/null
  commit_when_asked &
  committer=$!
  if has_systemd; then
    host "$1" 'its service' "$known_before"
  else
    host "$1" '' "$known_before"
  fi
  kept=$?
  kill "$committer" 2>/dev/null
  case $kept in
    0) record instance "$instance" ;;
    # It was not to be had, and has said so; nothing of ours had stopped it (supervisor/update.sh).
    4) ;;
    *) exit 1 ;;
  esac
  made=
}

delete() {
  lock
  as_limit=$(($(seconds stop) + 300))
  if ! host delete; then
    has_systemd || fail "$name was not removed"
    # With its service, all that it runs ends.
    service_gone
    as_user rm -rf "$own" "$own.lock" </dev/null || fail "$own cannot be removed"
  elif has_systemd; then
    service_gone
  fi
  rm -rf "$directory" "$directory.lock"
}

# verify: what it found is what a later look compares with; root's own record, that look reads
# nothing else.
verify() {
  as_limit=$(($(seconds verify) + 300))
  occasion=$(cat)
  printf '%s\n' "$occasion" | as_user sh "$here/lifecycle.sh" verify "$own" "$directory" || exit 1
  record verified "$(printf '%s\n' "$occasion" | sed -n 's/^verified //p')"
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

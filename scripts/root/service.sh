#!/bin/sh
# What root does for the stack on a machine that is reached over SSH. The processes run as a user of their own, which
# can change nothing of what root runs; where systemd runs, each is a service.
#
#   sh machine.sh prepare                user and directories
#   sh machine.sh create|update NAME STOPSECONDS [known]
#                                        settings on stdin: keep the process as host.sh does; its service gets that long to end
#   sh machine.sh delete NAME            end it, and remove its directory and its service
#   sh machine.sh start|stop|kill NAME   by hand; a killed one stays away until it is started
#   sh machine.sh verify NAME            lifecycle.sh verify
#   sh machine.sh uninstall              undo whatever is still there
#
# machine.conf beside it (sh assignments): user=, unit= (in front of the services' names), owner= (tells stacks apart).
set -u
umask 022
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd) || exit 1
action=${1:?action} name=${2:-} stop_seconds=${3:-150} known=${4:-}
user='' unit='' owner=''
# shellcheck source=/dev/null
. "$here/machine.conf" && . "$here/shared.sh" || exit 1
directory=$here/processes/$name service=$unit-$name.service
fail() { echo "$*" >&2; exit 1; }

has_systemd() { [ -d /run/systemd/system ]; }
as_user() { su -s /bin/sh "$user" -c "PARENT='${parent:-}' exec $*"; }
group() { id -g "$user"; }

add_user() {
  join "user-$user"
  id "$user" >/dev/null 2>&1 && return
  note "user-$user" "$user"
  shell=$(command -v nologin || echo /bin/false)
  if command -v useradd >/dev/null; then
    useradd --system --user-group --home-dir "$here" --no-create-home --shell "$shell" "$user"
  else
    addgroup -S "$user" && adduser -S -D -H -h "$here" -s "$shell" -G "$user" "$user"
  fi || fail "the user $user cannot be made"
}

remove_user() {
  leave "user-$user" || return 0
  if command -v userdel >/dev/null; then userdel "$user"; else deluser "$user"; fi >/dev/null 2>&1
  if getent group "$user" >/dev/null 2>&1; then groupdel "$user" 2>/dev/null || delgroup "$user"; fi
}

prepare() {
  mkdir -p "$here/processes" || fail "$here/processes cannot be made"
  add_user
  # The servers' user has to get through to what root has put there.
  if [ -e "${here%/*}/made" ]; then while read -r each; do [ ! -d "$each" ] || chmod 755 "$each"; done <"${here%/*}/made"; fi
  chmod 755 "$here" "$here"/*.sh && chown "$user" "$here/processes" && chmod 700 "$here/processes" || exit 1
}

# What a unit may forbid itself; kernels and containers that refuse one of these would refuse the whole unit.
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

# runs_with PROPERTIES: there is such a thing here, and our directory, be it in /home or /tmp, is not taken away by it.
runs_with() {
  printf '%s\n' "$1" | {
    set -- systemd-run --quiet --wait --collect "--uid=$user" -p "ReadWritePaths=$here/processes"
    while read -r property; do set -- "$@" -p "$property"; done
    "$@" /bin/sh -c "test -r $here/host.sh && test -w $here/processes" >/dev/null 2>&1
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
        if runs_with "$property" </dev/null; then echo "$property"; else echo "# refused here: $property"; fi
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
ExecStart=/bin/sh $here/host.sh supervise $directory
Restart=always
RestartSec=1
# The first process hands over, then ends the server: nobody else gets the signal, and both need their time.
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
    grep -q -F "$here/host.sh" "$file" || fail "$file is there already, and not of this stack: give the stack, or the component, another name"
  fi
  if ! { printf '%s\n' "$wanted" >"$file.new" && mv "$file.new" "$file"; }; then fail "$file cannot be written"; fi
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
  rm -f "$directory.supervisor" "$directory.held" "$directory.wanted"
}

keep() {
  if has_systemd; then
    parent='its service'
    put_unit
    service_up
  fi
  as_user sh "$here/host.sh" "$1" "$directory" "$known"
}

delete() {
  if has_systemd; then
    as_user sh "$here/host.sh" delete "$directory"
    service_gone
  else
    as_user sh "$here/host.sh" delete "$directory"
  fi
}

uninstall() {
  for each in "$here"/processes/*/; do
    each=${each%/}
    name=${each##*/}
    directory=$each service=$unit-$name.service
    [ ! -d "$each" ] || delete
  done
  remove_user
  rm -rf "$here/processes"
  sh "$here/host.sh" uninstall
}

case $action in
  prepare) prepare ;;
  create | update) keep "$action" ;;
  delete) delete ;;
  verify) as_user sh "$here/lifecycle.sh" verify "$directory" ;;
  start)
    if has_systemd; then service_up; else as_user sh "$here/host.sh" start "$directory"; fi
    ;;
  stop)
    if has_systemd; then systemctl stop "$service"; else as_user sh "$here/host.sh" stop "$directory"; fi
    ;;
  kill)
    if has_systemd; then
      killed=/run/systemd/system/$service.d
      mkdir -p "$killed" && printf '[Service]\nRestart=no\n' >"$killed/stays-away.conf" && systemctl daemon-reload
      systemctl kill --signal=KILL "$service"
    else
      as_user sh "$here/host.sh" kill "$directory"
    fi
    ;;
  uninstall) uninstall ;;
  *) fail "unknown action $action" ;;
esac

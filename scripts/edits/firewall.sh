#!/bin/sh
# Lets only the named addresses get to some TCP ports, with nftables; needs root.
#
#   sh firewall.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input:
#   TABLE    name of the table, nobody else's
#   PORTS    TCP ports, a line each
#   ALLOWED  IPv4 addresses or networks, a line each; the machine itself always gets through
#   STORE    directory that keeps the rules for the next boot
#
# Exit status: 0 done, and of check: all is as apply would leave it; 3 of check: it is not, or no
# longer; 1 refused or failed.
#
# A rule of another table may still refuse what this one lets through. Where systemd runs, a service
# loads the rules again at each boot.
set -u
umask 077
LC_ALL=C
export LC_ALL
unset TABLE PORTS ALLOWED STORE
TABLE='' PORTS='' ALLOWED='' STORE=''
eval "$(cat)"
: "${TABLE:?}" "${STORE:?}"
unit=/etc/systemd/system/$TABLE.service
fail() { echo "$*" >&2; exit 1; }
# use lib/plain.sh
# use edits/firewall/rules.sh

unit_text() {
  cat <<END
# Made by Pulumi; do not edit.
[Unit]
Description=Who may reach Redis and Sentinel
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$(command -v nft) -f $STORE/rules

[Install]
WantedBy=multi-user.target
END
}

# The kernel words the rules in its own way: what it said when they were loaded is what it has to
# say.
in_kernel() { nft -s list table inet "$TABLE" 2>/dev/null; }
with_systemd() { [ -d /run/systemd/system ]; }
is_enabled() { [ "$(systemctl is-enabled "$TABLE.service" 2>/dev/null)" = enabled ]; }

is_applied() {
  [ "$(rules)" = "$(cat "$STORE/rules" 2>/dev/null)" ] &&
    [ -s "$STORE/loaded" ] &&
    [ "$(in_kernel)" = "$(cat "$STORE/loaded")" ] || return 1
  ! with_systemd || { [ "$(unit_text)" = "$(cat "$unit" 2>/dev/null)" ] && is_enabled; }
}

require_rules() {
  said=$(rules | nft -c -f - 2>&1) ||
    fail "nft does not take the rules: $(printf '%s\n' "$said" | plain)"
}

unwritten() { fail "$1 cannot be written"; }
load() {
  if ! { mkdir -p "$STORE" && rules >"$STORE/rules.new"; }; then unwritten "$STORE"; fi
  said=$(nft -f "$STORE/rules.new" 2>&1) ||
    fail "nft does not take the rules: $(printf '%s\n' "$said" | plain)"
  if ! {
    in_kernel >"$STORE/loaded.new" && mv "$STORE/rules.new" "$STORE/rules" &&
      mv "$STORE/loaded.new" "$STORE/loaded"
  }; then
    unwritten "$STORE"
  fi
}

case ${1:?action} in
  check)
    command -v nft >/dev/null ||
      fail "there is no nft on this machine: install nftables, or take ssh.firewallClients out"
    require_rules
    is_applied || exit 3
    ;;
  apply)
    is_applied && exit 0
    require_rules
    load
    with_systemd || exit 0
    if [ "$(unit_text)" != "$(cat "$unit" 2>/dev/null)" ]; then
      if ! { unit_text >"$unit.new" && mv "$unit.new" "$unit"; }; then unwritten "$unit"; fi
      systemctl daemon-reload || exit 1
    fi
    is_enabled || systemctl enable --quiet "$TABLE.service"
    ;;
  remove)
    if command -v nft >/dev/null; then
      tables=$(nft list tables inet 2>&1) ||
        fail "nft does not tell which tables there are: $(printf '%s\n' "$tables" | plain)"
      ! printf '%s\n' "$tables" | grep -qxF "table inet $TABLE" ||
        nft delete table inet "$TABLE" || exit 1
    fi
    if [ -e "$unit" ]; then
      systemctl disable --quiet "$TABLE.service" &&
        rm -f "$unit" &&
        systemctl daemon-reload || exit 1
    fi
    rm -f "$unit.new"
    rm -rf "$STORE"
    ;;
  *) echo "unknown action $1" >&2 && exit 2 ;;
esac

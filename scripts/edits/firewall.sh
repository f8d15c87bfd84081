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
# A rule of another table may still refuse what this one lets through. Where systemd runs, a service loads the rules
# again at each boot.
set -u
umask 077
LC_ALL=C
export LC_ALL
TABLE='' PORTS='' ALLOWED='' STORE=''
eval "$(cat)"
: "${TABLE:?}" "${STORE:?}"
unit=/etc/systemd/system/$TABLE.service
list() { printf '%s\n' "$1" | sort -u | tr '\n' ',' | sed 's/,$//; s/^,//; s/,/, /g'; }

rules() {
  cat <<END
table inet $TABLE
delete table inet $TABLE
table inet $TABLE {
  chain input {
    type filter hook input priority filter - 5; policy accept;
    iifname "lo" accept
    tcp dport { $(list "$PORTS") } ip saddr { $(list "$ALLOWED") } accept
    tcp dport { $(list "$PORTS") } drop
  }
}
END
}

case ${1:?action} in
  check) command -v nft >/dev/null || { echo "there is no nft on this machine: install nftables, or take firewallClients out" >&2 && exit 1; } ;;
  apply)
    mkdir -p "$STORE" && rules >"$STORE/rules.new" && nft -f "$STORE/rules.new" && mv "$STORE/rules.new" "$STORE/rules" || exit 1
    [ -d /run/systemd/system ] || exit 0
    cat >"$unit.new" <<END
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
    if cmp -s "$unit.new" "$unit"; then rm -f "$unit.new" && exit 0; fi
    mv "$unit.new" "$unit" && systemctl daemon-reload && systemctl enable --quiet "$TABLE.service"
    ;;
  remove)
    if command -v nft >/dev/null && nft list table inet "$TABLE" >/dev/null 2>&1; then nft delete table inet "$TABLE" || exit 1; fi
    if [ -e "$unit" ]; then systemctl disable --quiet "$TABLE.service" && rm -f "$unit" && systemctl daemon-reload; fi
    rm -rf "$STORE"
    ;;
  *) echo "unknown action $1" >&2 && exit 2 ;;
esac

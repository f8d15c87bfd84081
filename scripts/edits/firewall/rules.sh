# The rules, in nftables' words. Needs TABLE, PORTS and ALLOWED (firewall.sh).

list() { printf '%s\n' "$1" | sort -u | tr '\n' ',' | sed 's/,$//; s/^,//; s/,/, /g'; }

rules() {
  cat <<END
table inet $TABLE
delete table inet $TABLE
table inet $TABLE {
  chain input {
    type filter hook input priority filter - 5; policy accept;
    iifname "lo" accept
END
  # On a machine that nothing listens on there is nothing to keep anybody from.
  [ -z "$PORTS" ] || cat <<END
    tcp dport { $(list "$PORTS") } ip saddr { $(list "$ALLOWED") } accept
    tcp dport { $(list "$PORTS") } drop
END
  printf '  }\n}\n'
}

#!/bin/sh
# Keeps the distribution's own Redis, Valkey and Sentinel services off the stack's ports, and from
# coming back at the next boot; needs root. Without systemd there are none.
#
#   sh services.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input:
#   PORTS    TCP ports, a line each
#   ADDRESS  where ours will listen
#   STORE    directory that keeps what was turned off
#
# Exit status: 0 done, and of check: all is as apply would leave it; 3 of check: it is not, or no
# longer; 1 refused or failed.
#
# One that is in use (it holds keys, or has clients, a password or replicas), or that does not tell,
# is nobody's to turn off: refused if it listens where ours will, else left as it is. remove turns
# on again what apply turned off.
set -u
umask 022
LC_ALL=C
export LC_ALL
unset PORTS ADDRESS STORE
PORTS='' ADDRESS='' STORE=''
eval "$(cat)"
: "${STORE:?}"
action=${1:?action}
[ -d /run/systemd/system ] || exit 0
newline='
'
# use lib/plain.sh

# units: services that are there and no mere templates.
units() {
  {
    systemctl list-unit-files --type=service --no-legend 'redis*' 'valkey*'
    systemctl list-units --all --plain --type=service --no-legend 'redis*' 'valkey*'
  } | awk '$1 !~ /@\.service$/ { print $1 }' | sort -u
}

# on_files UNIT...: "UNIT ACTIVE ENABLED FILE" of those that run on a configuration file, as our own
# do not; - for what systemd does not tell. All by one question: each takes 10 ms, at every look.
on_files() {
  [ $# -gt 0 ] || return 0
  shown=$(systemctl show -p Id -p ExecStart -p ActiveState -p UnitFileState "$@") || exit 1
  printf '%s\n' "$shown" | awk '
    function done() {
      if (file != "") print id, active, enabled, file
      id = active = enabled = "-"
      file = ""
    }
    BEGIN { done() }
    /^Id=./ { id = substr($0, 4) }
    /^ActiveState=./ { active = substr($0, 13) }
    /^UnitFileState=./ { enabled = substr($0, 15) }
    /^ExecStart=/ {
      for (i = 1; i <= NF && file == ""; i++) if ($i ~ /^\/.*\.conf$/) file = $i
    }
    /^$/ { done() }
    END { done() }'
}

# listens_at: of its file conf sets address (of one who asks) and everywhere.
listens_at() {
  bind=$(sed -n 's/^bind  *//p' "$conf" | tail -n 1 | tr -d '"')
  address=127.0.0.1 everywhere=1
  [ -n "$bind" ] || return 0
  address=${bind%% *} everywhere=
  case " $bind " in *" 0.0.0.0 "* | *" * "* | *" $ADDRESS "*) everywhere=1 ;; esac
  case $address in '*' | 0.0.0.0) address=127.0.0.1 ;; esac
}

# in_use: what somebody uses the one at address and port for; nothing if it only runs.
in_use() {
  cli=redis-cli
  command -v $cli >/dev/null || cli=valkey-cli
  said=$(printf 'INFO\nCLIENT LIST\n' | timeout 3 "$cli" -h "$address" -p "$port" 2>&1 | tr -d '\r')
  case $said in NOAUTH* | NOPERM* | *"WRONGPASS "*) echo "it has a password" && return ;; esac
  # Whatever else is no answer tells nothing of what it holds.
  if ! {
    printf '%s\n' "$said" | grep -q '^redis_version:' && printf '%s\n' "$said" | grep -q '^id='
  }; then
    echo "it does not tell what it holds ($(printf '%s\n' "${said:-no answer within 3 s}" | plain))"
    return
  fi
  # A distribution's sentinel is a client of the distribution's node. We are one, too, and what has
  # only just come may be somebody's look.
  printf '%s\n' "$said" | awk -F '[:,=]' '
    /^db[0-9]/ { keys += $3 }
    /^id=/ && !/ name=sentinel-/ && !/ age=0 / && !/ cmd=client/ { clients++ }
    /^role:slave/ || /^connected_slaves:[1-9]/ ||
      /^master[0-9]+:.*slaves=[1-9]/ || /^master[0-9]+:.*sentinels=[2-9]/ { others = 1 }
    END {
      if (keys) print "it holds " keys " keys"
      if (clients) print "it has clients: " clients
      if (others) print "it works with other servers"
    }'
}

# in_the_way: for each service on one of the ports that is to be turned off: "UNIT ACTIVE ENABLED";
# exits 1 at one that can't be.
in_the_way() {
  # shellcheck disable=SC2046
  services=$(on_files $(units)) || exit 1
  while read -r unit active enabled conf; do
    [ -r "$conf" ] || continue
    case $unit in *sentinel*) port=26379 ;; *) port=6379 ;; esac
    port=$(sed -n "s/^port  *\([0-9]*\).*/\1/p" "$conf" | tail -n 1 | grep . || echo $port)
    case "$newline$PORTS$newline" in *"$newline$port$newline"*) ;; *) continue ;; esac
    case $active:$enabled in active:* | activating:* | *:enabled) ;; *) continue ;; esac
    listens_at
    used=$([ "$active" != active ] || in_use | tr '\n' ',')
    if [ -z "$used" ]; then
      echo "$unit $active $enabled"
    elif [ -n "$everywhere" ]; then
      echo "port $port is taken by this machine's $unit, and ${used%,}. Choose another port; or, if it can go, move its data and type: systemctl disable --now $unit" >&2
      exit 1
    else
      echo "$unit, at $address:$port, stays: ${used%,}" >&2
    fi
  done <<EOT
$services
EOT
}

case $action in
  check)
    found=$(in_the_way) || exit 1
    [ -z "$found" ] || exit 3
    ;;
  apply)
    found=$(in_the_way) || exit 1
    [ -n "$found" ] || exit 0
    mkdir -p "$STORE" || exit 1
    # First, or it would stay off after a step that is killed; and what it was when it was first
    # turned off.
    printf '%s\n' "$found" | while read -r unit rest; do
      grep -q "^$unit " "$STORE/off" 2>/dev/null || { echo "$unit $rest" >>"$STORE/off"; } || exit 1
    done || exit 1
    printf '%s\n' "$found" | while read -r unit _; do
      said=$(systemctl disable --quiet --now "$unit" </dev/null 2>&1)
      case $(systemctl is-active "$unit"):$(systemctl is-enabled "$unit" 2>/dev/null) in
        active:* | activating:* | *:enabled)
          echo "$unit can't be turned off: $(printf '%s\n' "$said" | plain)" >&2
          exit 1
          ;;
      esac
      echo "$unit is off: its port is the stack's"
    done || exit 1
    ;;
  remove)
    [ ! -s "$STORE/off" ] || while read -r unit active enabled; do
      # Whoever has taken the package away meant that.
      [ "$(systemctl show -p LoadState --value "$unit")" = loaded ] || continue
      [ "$enabled" != enabled ] || systemctl enable --quiet "$unit" </dev/null 2>/dev/null
      if [ "$active" != active ] || systemctl start "$unit" </dev/null; then
        echo "$unit is as it was"
      else
        echo "$unit was on and does not start" >&2
      fi
    done <"$STORE/off"
    rm -rf "$STORE"
    ;;
  *) echo "unknown action $action" >&2 && exit 2 ;;
esac

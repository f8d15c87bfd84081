# What somebody else has set on the running server. Needs lib/ask.sh and settings_of (reload.sh).

# set_now: what the server says of the settings that are the stack's, in its own words, by one
# client; a line "KEY VALUE" each. Fails where it does not answer all of it: nobody can tell then.
# alive is 1 if it replies at all, be it an error.
set_now() {
  if [ "$kind" = node ]; then
    # No password is written down, nor asked for.
    sn_asked=$(awk '
      /^#/ || NF == 0 || $1 ~ /pass/ || $1 ~ /^masteruser/ || seen[$1]++ { next }
      { print "CONFIG GET " $1 }' "$settings/settings.conf")
  else
    sn_asked=$(while read -r sn_master _; do echo "SENTINEL MASTER $sn_master"; done <<EOT
$monitored
EOT
    )
  fi
  sn_said=$(
    printf 'PING\n%s\n' "$sn_asked" |
      client "$ask_limit" "$address" "$port" --csv 2>&1
  )
  alive=
  case $sn_said in '"'* | 'ERROR,'*) alive=1 ;; *) return 1 ;; esac
  live_said=$(printf '%s\n=\n%s\n' "$sn_asked" "$sn_said" | awk '
    !begun && $0 == "=" { begun = NR + 1; next }
    !begun { key[NR] = $3; asked = NR; next }
    NR == begun { next }
    { at = NR - begun }
    at > asked { exit 1 }
    # A sentinel that was told to remove the master.
    /^ERROR,"ERR No such master/ { print key[at], "removed"; seen++; next }
    !/^(".*")?$/ { exit 1 }
    /^"name",/ {
      n = split(substr($0, 2, length($0) - 2), item, /","/)
      for (i = 1; i < n; i += 2)
        if (item[i] ~ /^(down-after-milliseconds|failover-timeout|parallel-syncs|quorum)$/)
          print "sentinel " item[i] " " key[at], item[i + 1]
      seen++
      next
    }
    # What we have put behind older nodes (decide_priorities) is what it was.
    key[at] ~ /^(replica|slave)-priority$/ && /,"1[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"$/ {
      sub(/,"10*/, ",\"")
      sub(/,""$/, ",\"0\"")
    }
    { print key[at], $0; seen++ }
    END { exit seen != asked }')
}

# unchanged: it replies, and its settings are as they were when the stack last set them. 1: it does
# not reply; 3: they are not, and which. Where nobody can tell, they are.
unchanged() {
  set_now
  un_status=$?
  [ -n "$alive" ] || return 1
  if [ "$kind" = sentinel ]; then
    un_left=$(known_of "$(have_left "$nodes" "$sentinels")" | tr '\n' ' ')
    if [ -n "$un_left" ]; then
      printf 'it knows who has left: %s\n' "${un_left% }"
      return 3
    fi
  fi
  if [ $un_status -ne 0 ] || [ ! -s live ]; then return 0; fi
  changed_settings
  [ -n "$changed" ] || return 0
  printf '%s\n' "$changed" | tr '\n' ' ' | sed 's/ $//'
  return 3
}

# changed_settings: sets changed to the keys of what is other than in `live`, a line each.
changed_settings() {
  changed=$(printf '%s\n' "$live_said" | awk '
    !now { had[$0]; next }
    !($0 in had) { print $1 == "sentinel" ? $1 " " $2 " " $3 : $2 == "removed" ? $0 : $1 }' live now=1 -)
}

# note_settings: these are the settings that the stack has set.
note_settings() {
  set_now || return 0
  printf '%s\n' "$live_said" >live.new && mv live.new live
}

# without_changed: the lines on standard input that are of no changed setting.
without_changed() {
  { printf '%s\n=\n' "$changed"; cat; } | awk '
    !begun && $0 == "=" { begun = 1; next }
    !begun { is[$0] = 1; next }
    !(($1 == "sentinel" ? $1 " " $2 " " $3 : $1) in is)'
}

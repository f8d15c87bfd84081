# Nodes that come back while nobody is the master: which of them was furthest. The rules, and why,
# are in docs/decisions/0016-all-off-and-on.md; tests/scripts/redis/outage.test.ts has the table.

# Such a node starts as one that no sentinel promotes (priority 0): without a link to a master it has
# an offset of 0, and they would take any. What it noted is in its own configuration, where
# everybody may read it who can ask it anything; syslog-ident is a word for nothing else, as long as
# nothing is written to syslog.

# unplaced_lines: lines of the configuration for that; the file "unplaced" is there as long as it is
# so. Needs position (noted_position). Nothing where the stack writes to syslog, or
# where the node is not to be promoted anyway.
unplaced_lines() {
  al_priority=$(own_priority)
  ! grep -q -i '^syslog-' "$settings/settings.conf" && [ "$al_priority" != 0 ] || return 0
  : >unplaced || return 1
  echo "slave-priority 0"
  # shellcheck disable=SC2086
  echo "syslog-ident redis-ha:$(set -- ${position:--}; IFS=:; echo "${1:--}:${2:--}:${3:-0}:$al_priority")"
}

# own_priority: the priority that the stack has set, behind older nodes where this one started
# beside such (program.sh).
own_priority() {
  op_more=0
  [ ! -e behind ] || op_more=$behind_older
  awk -v more="$op_more" '
    tolower($1) ~ /^(replica|slave)-priority$/ { gsub(/"/, "", $2); priority = $2 }
    END {
      if (priority == "") priority = 100
      printf "%.0f\n", priority == 0 ? 0 : priority + more
    }' "$settings/settings.conf"
}

# is_unplaced PRIORITY NOTE: one that node_table has so is in that state.
is_unplaced() {
  case $1.${2:--} in
    *.- | 0.*:0) return 1 ;;
    0.*) return 0 ;;
    *) return 1 ;;
  esac
}

# promotable: ends that state of a node that has its role.
promotable() {
  [ -e unplaced ] || return 0
  [ "$(ask_me CONFIG SET slave-priority "$(own_priority)")" = OK ] && rm -f unplaced
}

# be_promotable NODE...: the same for those of them that were found in it (table), where one of them
# is to become the master; raised are those that may be now.
be_promotable() {
  raised=
  for bp_node in "$@"; do
    bp_priority=$(printf '%s\n' "$table" |
      awk -v of="$bp_node" '$1 == of && $9 == 0 { split($11, note, ":"); print note[4] }')
    case $bp_priority in '' | 0 | *[!0-9]*) continue ;; esac
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$bp_node")
    [ "$(ask "$@" CONFIG SET slave-priority "$bp_priority")" = OK ] && raised="$raised $bp_node"
  done
  [ -z "$raised" ] || gather
}

# be_unplaced: as before, where none of them has become it.
be_unplaced() {
  for bu_node in $raised; do
    # shellcheck disable=SC2046
    ask $(where "$nodes" "$bu_node") CONFIG SET slave-priority 0 >/dev/null
  done
}

# decide_most: a function, without any asking, of table (node_table) and among (nodes). Sets most:
# those of them that none of the others is ahead of, if they can all be compared; else nothing, and
# most_why. Within one history the offsets tell, of two histories the epochs.
decide_most() {
  most_why=$(printf '%s\n' "$table" | awk -v among=" $among " '
    index(among, " " $1 " ") { note[++n] = $11; name[n] = $1 }
    # 1: a is ahead of b; 0: it is not; -1: nobody can tell.
    function ahead(a, b,   one, two) {
      if (a == b) return 0
      if (split(note[a], one, ":") != 4 || split(note[b], two, ":") != 4) return -1
      if (one[2] == "-" || two[2] == "-") return -1
      if (one[2] == two[2]) return longer(one[3], two[3])
      if (one[1] == "-" || two[1] == "-" || one[1] == two[1]) return -1
      return one[1] + 0 > two[1] + 0
    }
    # Larger than what some awks can count to.
    function longer(one, two) {
      return length(one) != length(two) ? length(one) > length(two) : one "x" > two "x"
    }
    function told(i,   words) {
      return split(note[i], words, ":") != 4 || words[2] == "-" ? name[i] " has no note of it" : \
        name[i] " was at " words[3] " of the history " substr(words[2], 1, 8) " in epoch " words[1]
    }
    END {
      for (a = 1; a <= n; a++) {
        behind = 0
        for (b = 1; b <= n; b++) {
          if ((is = ahead(b, a)) < 0) unknown = 1
          else if (is) behind = 1
        }
        if (!behind) best = best " " name[a]
      }
      if (!unknown) print "most" best
      else for (a = 1; a <= n; a++) printf "%s%s", (a > 1 ? ", " : ""), told(a)
    }')
  case $most_why in
    most*) most=${most_why#most} most_why='' ;;
    *) most='' ;;
  esac
}

# since_epoch: since which epoch the named one is the master, as far as the sentinels know.
since_epoch() {
  sentinel_table | awk -v of="$named" '
    $2 == of && $4 ~ /^[0-9]+$/ && $4 + 0 >= most + 0 { most = $4 }
    END { print most }'
}

# forgotten NOTE: says since which epoch the named one is the master, where NOTE has a later one, of
# another history than that has now: the sentinels have lost their state, and began anew.
forgotten() {
  printf '%s\n' "$table" | awk -v note="$1" -v of="$named" -v since="$(since_epoch)" '
    BEGIN { if (split(note, ours, ":") < 3 || ours[1] !~ /^[0-9]+$/) exit }
    $1 == of { history = $8 }
    END { if (since != "" && history != ours[2] && ours[1] + 0 > since + 0) print since }'
}

# later_than NOTE: nodes of table with data that wait with a note of a later epoch than this one, the
# named one's, and than that in which it was named: within seconds of that its note is one of before,
# and those that follow it may have noted it already.
later_than() {
  printf '%s\n' "$table" | awk -v note="$1" -v since="$(since_epoch)" '
    BEGIN { split(note, ours, ":") }
    $2 == "up" && $3 == "slave" && $4 != "no" && $6 != "up" && $9 == 0 && $11 != "-" {
      split($11, its, ":")
      if (ours[1] ~ /^[0-9]+$/ && its[1] ~ /^[0-9]+$/ && its[1] + 0 > ours[1] + 0 &&
        its[1] + 0 > since + 0 && its[2] != ours[2]) printf " %s", $1
    }'
}

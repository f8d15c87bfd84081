# A failover of the sentinels that takes no data away. They choose by replica-priority first, then
# by how far a replica was when they last asked it, which may be ten seconds ago and before a
# restart, then by the run id; whether it has any data they don't look at (sentinelSelectSlave,
# sentinel.c). So what one of them would choose is worked out before it is asked.

# furthest NODE...: those of them, of table, that have data and are not behind another one, as far
# as offsets of one history tell; and who has as much as one of them: what is wanted may be known of
# one replica only, and a sentinel may choose any that is as far.
furthest() {
  printf '%s\n' "$table" | awk -v of=" $* " '
    $2 == "up" && $4 == "yes" { offset[$1] = $7; history[$1] = $8 }
    END {
      for (one in offset) {
        has = index(of, " " one " ")
        behind = 0
        for (other in offset) {
          if (history[one] == "-" || history[one] != history[other]) continue
          if (offset[other] > offset[one]) behind = 1
          if (offset[other] <= offset[one] && index(of, " " other " ")) has = 1
        }
        if (has && !behind) printf " %s", one
      }
    }'
}

# decide_choice: a function, without any asking, of replicas (what one sentinel says to SENTINEL
# SLAVES), nodes, table, among (nodes that may be promoted) and still (1: nobody is the master, so
# nothing that it could say may have changed). Sets choice to one of among if the sentinel, should
# it find a replica at all, would choose that, else to nothing, with c_why.
decide_choice() {
  choice='' c_why=$({
    printf '%s\n' "$nodes" | sed 's/^/is /'
    printf '%s\n' "$table" | sed 's/^/has /'
    printf '%s\n' "$replicas"
  } |
    awk -v among=" $among " -v still="$still" '
      $1 == "is" && NF == 5 { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2; next }
      $1 == "has" { if ($3 == "up") { offset[$2] = $8; priority[$2] = $10 }; next }
      ++line % 2 { key = $0; if (key == "name") n++; next }
      { field[n, key] = $0 }
      END {
        for (i = 1; i <= n; i++) {
          at = field[i, "ip"] ":" field[i, "port"]
          who = at in name ? name[at] : at
          p = field[i, "slave-priority"] + 0
          o = field[i, "slave-repl-offset"] + 0
          if (still && who in offset && (o != offset[who] || p != priority[who])) {
            print "old " who " (a priority of " p " and an offset of " o \
              ", and it has " priority[who] " and " offset[who] ")"
            exit
          }
          if (p == 0 || field[i, "flags"] ~ /s_down|o_down|disconnected/) continue
          id = tolower(field[i, "runid"])
          if (best == "" || p < least || p == least && (o > most || o == most && id < first)) {
            best = who; least = p; most = o; first = id
          }
        }
        if (best == "") print "none"
        else if (index(among, " " best " ")) print "choice " best
        else print "other " best " (with a priority of " least " and an offset of " most ")"
      }')
  case $c_why in
    'choice '*) choice=${c_why#choice } c_why='' ;;
    'old '*) c_why="has old news of ${c_why#old }" ;;
    'other '*)
      c_why="would promote ${c_why#other }, but the data is with$among. Set replica-priority to 0 where it is not ($cli -h HOST -p PORT CONFIG SET slave-priority 0), until that is done"
      ;;
    *) c_why="sees no replica that it could promote" ;;
  esac
}

# force_failover NAME SECONDS AMONG STILL [MEANWHILE]: make the sentinels promote one of AMONG (see
# decide_choice); succeeds, with f_named set, when a majority names another node than NAME, else
# f_why says what there was instead. Only to be used where NAME takes no writes: while a master
# lives, SENTINEL FAILOVER alone loses what it goes on to acknowledge. "No good replica" may just
# mean that a sentinel's news is some seconds old: ask again; where all have old news they have ten
# seconds more, in which each asks the replicas once. MEANWHILE, if given, is done at every look.
force_failover() {
  f_until=$(($(date +%s) + $2)) f_asked=0 f_accepted='' f_quick='' among=$3 still=$4 \
    f_meanwhile=${5:-:} f_why='no sentinel answers'
  # shellcheck disable=SC2086
  be_promotable $among
  while f_now=$(date +%s); do
    case $f_why in *' has old news '*) f_more=10 ;; *) f_more=0 ;; esac
    if [ "$f_now" -ge $((f_until + f_more)) ]; then
      usual_news
      be_unplaced
      return 1
    fi
    if [ -z "$f_accepted" ] && { [ "$f_now" -gt "$f_asked" ] || [ $f_more -gt 0 ]; }; then
      f_asked=$f_now
      while read -r f_sentinel _ f_address f_port; do
        answer list "$f_address" "$f_port" SENTINEL SLAVES "$master" || continue
        replicas=$answer
        decide_choice
        if [ -z "$choice" ]; then
          f_why="$f_sentinel $c_why"
          case $c_why in 'has old news '*) quick_news ;; esac
          continue
        fi
        f_said=$(ask "$f_address" "$f_port" SENTINEL FAILOVER "$master" | one_line)
        f_why="$f_sentinel says: ${f_said:-nothing}"
        case $f_said in OK | INPROG*) f_accepted=1 f_why='the failover did not end' && break ;; esac
      done <<EOT
$sentinels
EOT
    fi
    "$f_meanwhile"
    f_named=$(named_master)
    if [ -n "$f_named" ] && [ "$f_named" != "$1" ]; then usual_news; return 0; fi
    sleep 0.1
  done
}

# quick_news: has that sentinel ask the nodes ten times a second, where it knows how (Redis 7.0),
# until usual_news: nobody is the master meanwhile. Whoever ends before that leaves it so until the
# sentinel starts again, or the next change of it.
quick_news() {
  case $f_quick in *" $f_address,$f_port "*) return ;; esac
  f_quick="$f_quick $f_address,$f_port "
  ask "$f_address" "$f_port" SENTINEL DEBUG info-period 100 >/dev/null
}

# As ready_sentinel (ready.sh) has it.
usual_news() {
  for f_place in $f_quick; do
    ask "${f_place%,*}" "${f_place##*,}" SENTINEL DEBUG info-period 1000 >/dev/null
  done
  f_quick=''
}

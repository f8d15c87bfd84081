# What becomes of a hand-over that was cut off: a decision, of variables alone; and whom each
# sentinel names.

# decide_settlement: a function, without any asking, of name (who handed over), stage, target,
# epoch, in_time (1: writes are paused still), named (by a majority), said ("SENTINEL NODE EPOCH"
# for each that answered: whom it names, since which election), asked (how many there are) and
# table. Sets settlement: "finish" (some sentinel knows, and so will all; or one may, and it is in
# time), "undo" (none of them knows), "nothing", or "wait" (nobody can tell yet, with why).
decide_settlement() {
  settlement=wait why='' d_role=unknown d_answered=0 d_knows='' d_later=''
  while read -r d_name d_state d_as _; do
    if [ "$d_name" = "$target" ]; then
      case $d_state in up) d_role=$d_as ;; *) d_role=$d_state ;; esac
    fi
  done <<EOT
$table
EOT
  while read -r d_name d_names d_epoch; do
    case $d_epoch in '' | *[!0-9]*) continue ;; esac
    d_answered=$((d_answered + 1))
    if [ "$d_epoch" -gt "$epoch" ]; then
      d_later=1
    elif [ "$d_names.$d_epoch" = "$target.$epoch" ]; then
      d_knows=1
    fi
  done <<EOT
$said
EOT
  if [ "$stage" = voting ] || [ -n "$d_later" ]; then
    settlement=nothing
  elif [ -n "$d_knows" ] || { [ "$stage" = telling ] && [ -n "$in_time" ]; }; then
    if [ "$d_role" = master ]; then
      settlement=finish
    else
      why="$target, which was elected, does not say that it is the master"
    fi
  elif [ "$stage" = telling ] && [ $d_answered -lt "$asked" ]; then
    why="not all sentinels answer, and one may have been told that $target is the master"
  elif [ "$named" = "$name" ]; then
    # What does not answer may be about to be promoted.
    case $d_role in slave | gone) settlement=nothing ;; *) settlement=undo ;; esac
  elif [ -n "$named" ]; then
    settlement=nothing
  else
    why="no majority of the sentinels names a master"
  fi
}

# names_said: which node each sentinel that answers names, and since which election, a line each.
names_said() {
  awk '
    $1 == "is" { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2 }
    $1 != "sentinel" || $3 != "=" { next }
    ++place[$2] % 2 { key[$2] = $4; next }
    { of[$2, key[$2]] = $4; who[$2] = 1 }
    END {
      for (each in who) {
        at = of[each, "ip"] ":" of[each, "port"]
        print each, (at in name ? name[at] : at), of[each, "config-epoch"]
      }
    }'
}

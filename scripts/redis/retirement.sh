# The end of a process that the program no longer has: a decision, of variables alone, whether it
# may stop now; and what is done until it may (docs/decisions/0013-removing.md).

# with_staying: who stays, by the program that has this one no more (SETTINGS/staying), and who is
# there as well. Sets nodes (those that stay, then the others that this one knows), stays (names),
# sentinels (those that stay and that this one knows; others may have yet to be made) and name. One
# that is to be elsewhere has its name twice: what is here is NAME@HOST then.
with_staying() {
  # shellcheck source=/dev/null
  . "$settings/staying" || exit 2
  stays=$(printf '%s\n' "${staying_nodes:?}" | cut -d ' ' -f 1)
  ws_nodes=$(leaving_of "$nodes" "$staying_nodes")
  ws_name=$name@$host
  if printf '%s\n' "$ws_nodes" | grep -q "^$ws_name "; then name=$ws_name; fi
  nodes=$(printf '%s\n' "$staying_nodes" "$ws_nodes" | grep .)
  peers=$(printf '%s\n' "$nodes" | grep -v "^$name ")
  sentinels=$(staying_of "$sentinels" "${staying_sentinels:?}")
}

# staying_of HAD STAYING: those of the first list ("name host address port" a line) that are in the
# second, by name and place.
staying_of() {
  { printf '%s\n' "$2" '' "$1"; } | awk '
    !had && $0 == "" { had = 1; next }
    !had { stays[$1, $2, $4] = 1; next }
    NF == 4 && ($1, $2, $4) in stays'
}

# leaving_of HAD STAYING: the others; NAME@HOST for one whose name is in the second list elsewhere.
leaving_of() {
  { printf '%s\n' "$2" '' "$1"; } | awk '
    !had && $0 == "" { had = 1; next }
    !had { stays[$1, $2, $4] = 1; name[$1] = 1; next }
    NF == 4 && !(($1, $2, $4) in stays) {
      if ($1 in name) $1 = $1 "@" $2
      print
    }'
}

# decide_retirement: a function, without any asking, of kind, name, named (by a majority of the
# sentinels that stay), failover, table (node_table), stays (names of the nodes that stay), said
# ("SENTINEL NODE EPOCH" for each sentinel that stays and answers: whom it names) and asked (how many
# of these there are). Sets retirement: "stop", "handover" (this one is the master), or "wait" with
# why. A sentinel that does not answer is started after this: it has nothing to say.
decide_retirement() {
  retirement=wait why='' rt_master='' rt_linked=' ' rt_missing=''
  if [ "$asked" -eq 0 ]; then why="none of the sentinels stays" && return; fi
  one_is_named "of the sentinels that stay, most name" || return 0
  while read -r rt_name rt_state rt_role rt_keys rt_follows rt_link _; do
    if [ "$rt_name" = "$named" ]; then
      [ "$rt_state.$rt_role" != up.master ] || [ "$rt_keys" = unknown ] || rt_master=1
    elif [ "$rt_role" = master ]; then
      why="$rt_name says that it is a master, and the sentinels name $named" && return
    elif [ "$rt_state.$rt_role.$rt_follows.$rt_link" = "up.slave.$named.up" ]; then
      rt_linked="$rt_linked$rt_name "
    fi
  done <<EOT
$table
EOT
  if [ -z "$rt_master" ]; then
    why="$named, which the sentinels name, is not there as the master" && return
  fi
  for rt_name in $stays; do
    case "$rt_linked$named " in *" $rt_name "*) ;; *) rt_missing="$rt_missing $rt_name" ;; esac
  done
  if [ -n "$rt_missing" ]; then
    why="of the nodes that stay, not linked to $named, the master:$rt_missing" && return
  fi
  if [ "$kind.$named" = "node.$name" ]; then retirement=handover; else retirement=stop; fi
}

# retire: 0: this process may stop: it is no master, and all nodes that stay are linked to the one
# that there is. A master has handed over for that, to a node that stays if that can be.
retire() {
  rt_now=$(date +%s)
  rt_until=$((rt_now + ready_limit)) rt_slow=$((rt_now + 15)) rt_said=''
  while :; do
    gather
    said=$(printf '%s\n' "$known" "$gathered" | names_said) asked=$(count "$sentinels")
    decide_retirement
    case $retirement in
      stop)
        # Nobody is to choose it in the moment until it has ended. It starts with its own again.
        [ "$kind" = sentinel ] || ask_me CONFIG SET slave-priority 0 >/dev/null
        return 0
        ;;
      handover)
        why="it is the master, and was not handed over"
        for rt_to in $(successors); do
          (handover "$rt_to") && continue 2
        done
        # Whoever the sentinels choose: if that one leaves as well, it hands over in its turn.
        if [ "$(date +%s)" -ge $rt_slow ]; then (handover) && continue; fi
        ;;
    esac
    [ "$(date +%s)" -lt $rt_until ] ||
      refuse "is to leave, and can't be taken out within $ready_limit s: $why. Mend that, or take it back into the program, then run this again"
    if [ "$why" != "$rt_said" ]; then say "leaves, and waits: $why"; fi
    rt_said=$why
    sleep 0.2
  done
}

# successors: the linked nodes that stay, the furthest first.
successors() {
  printf '%s\n' "$table" | awk -v name="$name" -v stays=" $(printf '%s\n' "$stays" | tr '\n' ' ')" '
    index(stays, " " $1 " ") && $2 == "up" && $5 == name && $6 == "up" && $9 > 0 { print $7, $1 }' |
    sort -rn | sed 's/^[^ ]* //'
}

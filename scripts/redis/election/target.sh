# Which of the candidates has all that the master had: a decision, and the wait for one. Needs
# lib/links.sh, and node_names of election.sh.

# decide_target: a function, without any asking, of candidates, name, within (bytes that may be
# missing) and replies (to ROLE, a line for each node: "NAME master OFFSET …" or "NAME slave HOST
# PORT STATE OFFSET"). Sets target: the first candidate that has all that the master had when it
# answered, and no less than any other has; or nothing.
decide_target() {
  target='' t_master='' t_most=0 t_linked=' '
  while read -r t_name t_role t_two _ t_state t_offset _; do
    case $t_role in
      master)
        # One more master: nothing that could be compared.
        [ "$t_name" = "$name" ] || return 0
        t_master=$t_two
        ;;
      slave)
        case $t_state.$t_offset in
          connected.*[!0-9]* | connected.) continue ;;
          connected.*) ;;
          *) continue ;;
        esac
        t_linked="$t_linked$t_name $t_offset "
        [ "$t_offset" -le "$t_most" ] || t_most=$t_offset
        ;;
    esac
  done <<EOT
$replies
EOT
  case $t_master in '' | *[!0-9]*) return 0 ;; esac
  [ "$t_most" -ge "$t_master" ] || t_most=$t_master
  for t_name in $candidates; do
    case $t_linked in
      *" $t_name "*)
        t_offset=${t_linked#*" $t_name "}
        if [ $((${t_offset%% *} + within)) -ge "$t_most" ]; then target=$t_name && return; fi
        ;;
    esac
  done
}

# await_target HUNDREDTHS EACH: asks all nodes at once, again and again, EACH with its limit, until
# there is a target.
await_target() {
  clock
  at_until=$((clock + $1))
  while :; do
    next_round
    for each in $node_names; do send "$each" ROLE; done
    # Who does not answer at once is not waited for: the others may be enough.
    collect "$2"
    decide_target
    [ -z "$target" ] || return 0
    clock
    [ $clock -lt $at_until ] || return 1
  done
}

# What of the deployment is on this machine, and not in the program. Needs here and lib/marks.sh.

# members SETTINGS: SETTINGS is the directory below a host's that has the processes' settings, with
# a slash (none where each has them itself). On standard input, assignments: staying_nodes and
# staying_sentinels (all that the program has, "name host address port" a line), places (the hosts
# that are here, "NAME,NAME… DIRECTORY" a line: which processes it has in which host's directory)
# and beside (1: what is in the directories beside these is of this machine, too). Nodes first, as a
# hand-over wants all sentinels.
members() {
  eval "$(cat)"
  leavers=$(leavers_in "$1" | sort)
  [ -n "$leavers" ] || return 0
  m_staying=$(printf "staying_nodes='%s'\nstaying_sentinels='%s'\n" \
    "${staying_nodes:?}" "${staying_sentinels:?}")
  while read -r m_kind m_name m_moved m_host; do
    if [ -z "$1" ]; then
      set -- '' "$here/host.sh" "$m_host/$m_name"
    else
      # Who runs its servers, only that host's own scripts know.
      grep -q '^  retire)' "$m_host/machine.sh" 2>/dev/null ||
        fail "the scripts in $m_host are of a version that could not take $m_name out: bring up the program as it was once with this version, then remove it"
      set -- "$1" "$m_host/machine.sh" "$m_name"
    fi
    printf '%s\n' "$m_staying" | sh "$2" retire "$3" || fail "$m_kind $m_name could not be taken out"
    # What is elsewhere now is the same to Pulumi, which deletes nothing here.
    [ "$m_moved" = 0 ] || sh "$2" delete "$3" </dev/null || exit 1
  done <<EOT
$leavers
EOT
}

# leavers_in SETTINGS: a line "KIND NAME MOVED DIRECTORY" for each: MOVED is 1 where the program has
# that name elsewhere.
leavers_in() {
  l_ours=$(mark_of "$here")
  l_names=$(printf '%s\n' "${staying_nodes:?}" "${staying_sentinels:?}" | cut -d ' ' -f 1)
  host_directories | sort -u | while read -r l_host; do
    [ "$(mark_of "$l_host")" = "$l_ours" ] || continue
    l_stays=$(printf '%s\n' "${places:?}" | awk -v host="$l_host" '
      { names = $1; sub(/^[^ ]* /, "") }
      $0 == host { print names }')
    for l_each in "$l_host/$1"*/parameters; do
      [ -s "$l_each" ] || continue
      l_name=${l_each%/parameters}
      l_name=${l_name##*/}
      case ",$l_stays," in *",$l_name,"*) continue ;; esac
      l_kind=$(sed -n 's/^kind=\([a-z]*\)$/\1/p' "$l_each")
      l_moved=0
      if printf '%s\n' "$l_names" | grep -q -x -F -e "$l_name"; then l_moved=1; fi
      echo "$l_kind $l_name $l_moved $l_host"
    done
  done
}

host_directories() {
  printf '%s\n' "${places:?}" | sed 's/^[^ ]* //' | while read -r h_host; do
    echo "$h_host"
    [ "${beside:-0}" = 1 ] || continue
    for h_each in "${h_host%/*}"/*/.pulumi-redis-ha; do
      [ ! -f "$h_each" ] || echo "${h_each%/.pulumi-redis-ha}"
    done
  done
}

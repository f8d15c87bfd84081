# Whose the containers, the network and the volumes are, by their labels. Needs refused, and the
# things of look_all.

# The labels that say whose something is, as Go's templates have them.
label() { echo "{{index $1 \"pulumi-redis-ha.$2\"}}"; }
whose() {
  echo "$(label "$1" deployment)|$(label "$1" project)|$(label "$1" stack)|$(label "$1" name)"
}
# labels NAME...: the same, as lists have them.
labels() { printf '|{{.Label "pulumi-redis-ha.%s"}}' "$@" | cut -c 2-; }
in_words() {
  [ -n "${2:-}" ] && echo "another deployment ($4 in the stack $3 of $2)" ||
    echo "nobody that is known here"
}

# our_containers: the deployment's, wanted or not, as on-machine/members.sh tells of processes: what
# kind each is, its labels don't say.
our_containers() {
  engine container ls -a --filter "label=pulumi-redis-ha.deployment=$deployment" --format \
    "process $(labels process host endpoint | tr '|' ' ') {{.Names}}" |
    sed 's/:\([0-9]*\) \([^ ]*\)$/ \1 \2/' | tr -cd '\012\040-\176'
}

# look_networks: the one that is wanted, as "network", and all of the deployment's, as "ours".
look_networks() {
  engine network ls --format "{{.Name}}|$(labels deployment project stack name)" |
    awk -v wanted="$network" -v deployment="$deployment" -F '|' '
      $1 == wanted { print "network", $0; fflush() }
      $2 == deployment { print "ours", $1; fflush() }'
}

look_members() {
  m_found=$(things_of member | tr '\n' '\037')
  # Whether or not anything is on it any more: the network was made for the deployment.
  case $m_found.$(things_of network) in
    .*"|$deployment|"* | ?*.*) echo "members $m_found" ;;
  esac
  m_other=$(things_of ours | grep -v -x -F -e "$network" | head -n 1)
  [ -z "$m_other" ] || echo "network $m_other"
}

# look_owners: what there is of the names that ours have or will have, and is not ours.
look_owners() {
  o_containers=$(printf '%s\n' "$states" | sed 's,^/\([^ ]*\) [^|]*,\1,')
  refused_owners container "$o_containers"
  refused_owners network "$(things_of network)"
  printf '%s\n' "$volumes" | while IFS='|' read -r o_name o_id o_rest; do
    # One that was taken over keeps its labels; our container is on it.
    if [ -z "$o_name" ] ||
        [ "$o_id" = "$deployment" ] ||
        printf '%s\n' "$o_containers" | grep -q -F "$o_name|$deployment|" ||
        printf '%s\n' "$adopted" | grep -q -x -F "$o_name"; then
      continue
    fi
    # What keepVolumes has left behind is for who comes next with the same names.
    if [ -n "$o_id" ] && [ "$o_rest" = "$project|$stack|$component" ]; then
      echo "kept $o_name"
      continue
    fi
    refused_owners volume "$o_name|$o_id|$o_rest"
  done
}

# refused_owners KIND NAME|WHOSE...
refused_owners() {
  printf '%s\n' "$2" | while IFS='|' read -r o_name o_id o_rest; do
    # shellcheck disable=SC2086
    [ -z "$o_name" ] || [ "$o_id" = "$deployment" ] ||
      refused place "$1 $o_name belongs to $(IFS='|'; in_words x $o_rest)"
  done
}

# Whose the containers, the network and the volumes are, by their labels. Needs refused, and the
# volumes of look_all.

# The labels that say whose something is, as Go's templates have them.
label() { echo "{{index $1 \"pulumi-redis-ha.$2\"}}"; }
whose() {
  echo "$(label "$1" deployment)|$(label "$1" project)|$(label "$1" stack)|$(label "$1" name)"
}
in_words() {
  [ -n "${2:-}" ] && echo "another deployment ($4 in the stack $3 of $2)" ||
    echo "nobody that is known here"
}

# look_members: the deployment's containers, wanted or not, as on-machine/members.sh tells of
# processes: what kind each is, its labels don't say.
look_members() {
  m_label='{{.Label "pulumi-redis-ha.'
  m_found=$(
    engine container ls -a --filter "label=pulumi-redis-ha.deployment=$deployment" --format \
      "process ${m_label}process\"}} ${m_label}host\"}} ${m_label}endpoint\"}} {{.Names}}" |
      sed 's/:\([0-9]*\) \([^ ]*\)$/ \1 \2/' | tr -cd '\012\040-\176' | tr '\n' '\037'
  )
  # Whether or not anything is on it any more: the network was made for the deployment.
  m_owner=$(engine network inspect -f "{{index .Labels \"pulumi-redis-ha.deployment\"}}" \
    "$network" 2>/dev/null)
  [ -z "$m_found" ] && [ "$m_owner" != "$deployment" ] || echo "members $m_found"
  m_other=$(
    engine network ls --filter "label=pulumi-redis-ha.deployment=$deployment" \
      --format '{{.Name}}' | grep -v -x -F -e "$network" | head -n 1
  )
  [ -z "$m_other" ] || echo "network $m_other"
}

# look_owners: what there is of the names that ours have or will have, and is not ours.
look_owners() {
  o_names=$(printf '%s' "$containers" | cut -d ' ' -f 2)
  # shellcheck disable=SC2046,SC2086
  o_containers=$(
    engine container inspect -f "{{.Name}}|$(whose .Config.Labels)" $o_names 2>/dev/null |
      sed 's|^/||'
  )
  printf '%s\n' "$o_containers" | while IFS='|' read -r o_name o_id o_rest; do
    # shellcheck disable=SC2086
    [ -z "$o_name" ] || [ "$o_id" = "$deployment" ] ||
      refused place "container $o_name belongs to $(IFS='|'; in_words x $o_rest)" >&3
  done
  # shellcheck disable=SC2046,SC2086
  engine network inspect -f "{{.Name}}|$(whose .Labels)" "$network" 2>/dev/null |
  while IFS='|' read -r o_name o_id o_rest; do
    # shellcheck disable=SC2086
    [ -z "$o_name" ] || [ "$o_id" = "$deployment" ] ||
      refused place "network $o_name belongs to $(IFS='|'; in_words x $o_rest)" >&3
  done
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
      echo "kept $o_name" >&3
      continue
    fi
    # shellcheck disable=SC2086
    refused place "volume $o_name belongs to $(IFS='|'; in_words x $o_rest)" >&3
  done
}

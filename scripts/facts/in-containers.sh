# Looks at the containers of one Docker engine without touching anything; read by sh from standard
# input on the machine that runs Pulumi, after engine='…' (the docker program, told which engine),
# look='…' (the text of look.sh), deployment=, project=, stack=, component= and network= (whose
# containers they are to be, and on which network) and adopted= (volumes that it may take over, a
# line each), in front of calls of add_image, add_container, add_check and add_program, and of
# look_all. Prints lines "KEY value" for hosts/docker/.
set -u
LC_ALL=C
export LC_ALL
newline='
'
: "${engine:?}" "${look:?}" "${deployment:?}" "${project:?}" "${stack:?}" "${component:?}" \
  "${network:?}" "${adopted:=}"
engine() { eval "$engine \"\$@\""; }
images='' containers='' checks='' programs=''

# add_image IMAGE PULL: 1 as PULL: it may be fetched now.
add_image() {
  images="$images$1 $2
"
}
# add_container NAME CONTAINER IMAGE DIRECTORY LIFECYCLE SERVER...
add_container() {
  containers="$containers$*
"
}
# add_check NAME CONTAINER DIRECTORY LIFECYCLE
add_check() {
  checks="$checks$*
"
}

# add_program IMAGE FIELD FILE
add_program() {
  programs="$programs$*
"
}

refused() { echo "refused.$1 $(printf '%s' "$2" | tr '\n' '\037')"; }

# An engine that can't be reached must not hang us.
if command -v timeout >/dev/null; then
  limited() { timeout "$@"; }
else
  limited() { shift; "$@"; }
fi

look_images() {
  printf '%s' "$images" | while read -r image pull; do
    engine image inspect -f "$image {{.Id}}" "$image" 2>/dev/null && continue
    [ "$pull" = 1 ] || continue
    if said=$(engine pull -q "$image" 2>&1); then
      engine image inspect -f "$image {{.Id}}" "$image"
    else
      refused "image.$image" "$said" >&3
    fi
  done
}

# look_in_new ID QUESTIONS: in an image that no container of ours has yet.
look_in_new() {
  printf '%s\n%s\n' "$look" "$2" |
    limited 60 sh -c "$engine run --rm -i --network none --entrypoint sh $1 -s"
}

# look_in CONTAINER NAME QUESTIONS: nothing where it can't be asked. An engine that is busy takes
# long; one that hangs must not hang us. Its servers' user could have it say anything: no more than
# one line of each answer about NAME is taken.
look_in() {
  printf '%s\n%s\n' "$look" "$3" |
    limited 30 sh -c "$engine exec -i \"\$1\" sh -s" sh "$1" 2>/dev/null | head -c 65536 |
    tr -cd '\012\040-\176' |
    awk -v name="$2" '{
      key = $1
      if (!sub(/^(server|version|endpoint|program|instance|populated|verified|unverified)[.]/, \
          "", key) || key != name || $1 in seen)
        next
      seen[$1] = 1
      print substr($0, 1, 400)
    }'
}

# versions_in IMAGE: the questions for the programs of all that are to run it.
versions_in() {
  printf '%s' "$containers" | while read -r name _ image _ _ servers; do
    [ "$image" != "$1" ] || echo "look_version $name $servers"
  done
}

# The labels that say whose something is, as Go's templates have them.
label() { echo "{{index $1 \"pulumi-redis-ha.$2\"}}"; }
whose() {
  echo "$(label "$1" deployment)|$(label "$1" project)|$(label "$1" stack)|$(label "$1" name)"
}
in_words() {
  [ -n "${2:-}" ] && echo "another deployment ($4 in the stack $3 of $2)" ||
    echo "nobody that is known here"
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

# look_in_volume ID CONTAINER NAME DIRECTORY: where its container can't be asked, but its volume is
# there: whether anything was ever ready in it. Nothing of what the servers' user has put there is
# read or run.
look_in_volume() {
  case "$newline$volumes" in
    *"$newline$2|"*)
      # shellcheck disable=SC2016
      limited 60 sh -c \
        "$engine run --rm --network none --read-only --user 0:0 --cap-drop ALL --cap-add DAC_READ_SEARCH --security-opt no-new-privileges -v \"\$2:/redis-ha:ro\" --entrypoint sh \"\$1\" -c 'if [ -e \"\$1/created\" ] || [ -e \"\$1/instance\" ]; then echo 1; fi' sh \"\$3\"" \
        sh "$1" "$2" "$4" |
        sed -n "s/^1\$/populated.$3 1/p"
      ;;
  esac
}

look_all() {
  exec 3>&1
  command -v docker >/dev/null || {
    refused engine "the program docker is missing on this machine"
    return
  }
  said=$(limited 15 sh -c "$engine version -f '{{.Server.Version}}'" 2>&1) || {
    refused engine "${said:-no answer within 15 s}"
    return
  }
  ids=$(look_images)
  # shellcheck disable=SC2046
  states=$(
    engine container inspect -f '{{.Name}} {{and .State.Running (not .State.Paused)}} {{.Image}}' \
      $(printf '%s' "$containers" | cut -d ' ' -f 2) 2>/dev/null
  )
  # shellcheck disable=SC2046
  volumes=$(
    engine volume inspect -f "{{.Name}}|$(whose .Labels)" \
      $(printf '%s' "$containers" | cut -d ' ' -f 2) 2>/dev/null
  )
  look_owners &
  seen=
  while read -r name container image directory lifecycle servers; do
    [ -n "$name" ] || continue
    id=$(printf '%s\n' "$ids" | sed -n "s|^$image ||p")
    [ -n "$id" ] || continue
    case $states in
      *"/$container true $id"*)
        {
          said=$(look_in "$container" "$name" "look_version $name $servers
look_instance $name $directory $lifecycle")
          # Where it does not answer, the image tells what is in it.
          case $said in
            *"version.$name "*) printf '%s\n' "$said" ;;
            *) look_in_new "$id" "look_version $name $servers" ;;
          esac
        } &
        ;;
      *)
        case " $seen " in
          *" $image "*) ;;
          *) seen="$seen $image" && look_in_new "$id" "$(versions_in "$image")" & ;;
        esac
        case $states in
          *"/$container true "*)
            look_in "$container" "$name" "look_instance $name $directory $lifecycle" &
            ;;
          *) look_in_volume "$id" "$container" "$name" "$directory" & ;;
        esac
        ;;
    esac
  done <<END
$containers
END
  while read -r image field program; do
    id=$(printf '%s\n' "$ids" | sed -n "s|^$image ||p")
    [ -z "$id" ] || look_in_new "$id" "look_program $field '$program'" &
  done <<END
$programs
END
  while read -r name container directory lifecycle; do
    case $states in *"/$container true "*) look_in "$container" "$name" "check_limit=20
look_check $name $directory $lifecycle" & ;; esac
  done <<END
$checks
END
  wait
}

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

# use facts/in-containers/asking.sh
# use facts/in-containers/owners.sh

# marked WORD: the lines on standard input with that word in front, each in one piece.
marked() { awk -v word="$1" '{ print word, $0; fflush() }'; }
things_of() {
  printf '%s\n' "$things" | awk -v word="$1" '$1 == word { print substr($0, length(word) + 2) }'
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
  names=$(printf '%s' "$containers" | cut -d ' ' -f 2)
  # Side by side: to start the docker program takes longer than an answer. What a container says
  # counts only if that turns out to be the one that is meant.
  # shellcheck disable=SC2046,SC2086
  things=$(
    look_in_each
    look_images | marked image &
    engine container inspect \
      -f "{{.Name}} {{and .State.Running (not .State.Paused)}} {{.Image}}|$(whose .Config.Labels)" \
      $names 2>/dev/null | marked state &
    engine volume inspect -f "{{.Name}}|$(whose .Labels)" $names 2>/dev/null | marked volume &
    engine network inspect -f "{{.Name}}|$(whose .Labels)" "$network" 2>/dev/null |
      marked network &
    our_containers | marked member &
    our_networks | marked ours &
    wait
  )
  ids=$(things_of image) states=$(things_of state) volumes=$(things_of volume)
  look_owners
  look_members
  seen=
  while read -r name container image directory _ servers; do
    [ -n "$name" ] || continue
    id=$(printf '%s\n' "$ids" | sed -n "s|^$image ||p")
    [ -n "$id" ] || continue
    case $states in
      *"/$container true $id|"*)
        said=$(things_of "in.$name")
        # Where it does not answer, the image tells what is in it.
        case $said in
          *"version.$name "*) printf '%s\n' "$said" ;;
          *) look_in_new "$id" "look_version $name $servers" & ;;
        esac
        ;;
      *)
        case " $seen " in
          *" $image "*) ;;
          *) seen="$seen $image" && look_in_new "$id" "$(versions_in "$image")" & ;;
        esac
        case $states in
          *"/$container true "*) things_of "in.$name" | grep -v -e '^server[.]' -e '^version[.]' ;;
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
  while read -r name container _; do
    case $states in *"/$container true "*) things_of "in.$name" ;; esac
  done <<END
$checks
END
  wait
}

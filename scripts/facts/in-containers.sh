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

# engine WORD...: an engine that is busy takes long. The text may begin with variables. What it says
# besides is a complaint only where it fails.
engine() {
  {
    e_said=$(eval "limited 30 env $engine \"\$@\"" 2>&1 >&5)
  } 5>&1 && return 0
  e_status=$?
  [ $e_status -ne 124 ] || e_said="no answer within 30 s"
  printf '%s\n' "${e_said:-no answer, exit status $e_status}" >&2
  return $e_status
}

# use facts/in-containers/asking.sh
# use facts/in-containers/owners.sh

# marked WORD: the lines on standard input with that word in front, each in one piece.
marked() { awk -v word="$1" '{ print word, $0; fflush() }'; }
# failures: of the complaints on standard input those that say more than that something is not
# there.
failures() {
  grep -v -e '[Nn]o such container' -e '[Nn]o such volume' -e '^WARNING' -e '^DEPRECATED' -e '^$'
}
things_of() {
  printf '%s\n' "$things" | awk -v word="$1" '$1 == word { print substr($0, length(word) + 2) }'
}

look_all() {
  exec 3>&1
  command -v docker >/dev/null || {
    refused engine "the program docker is missing on this machine"
    return
  }
  names=$(printf '%s' "$containers" | cut -d ' ' -f 2)
  # Side by side: to start the docker program takes longer than an answer. What a container says
  # counts only if that turns out to be the one that is meant.
  # shellcheck disable=SC2086
  things=$(
    {
      {
        look_in_each
        look_images | marked image &
        if [ -n "$names" ]; then
          is="{{.Name}} {{and .State.Running (not .State.Paused)}} {{.Image}}"
          engine container inspect -f "$is|$(whose .Config.Labels)" $names | marked state &
          engine volume inspect -f "{{.Name}}|$(whose .Labels)" $names | marked volume &
        fi
        look_networks &
        our_containers | marked member &
        wait
      } 2>&1 >&4 | failures | marked failed >&4
    } 4>&1
  )
  # What it has not told is not known, and not taken for something that is not there.
  failed=$(things_of failed | head -n 1)
  [ -z "$failed" ] || {
    refused engine "$failed"
    return
  }
  ids=$(things_of image) states=$(things_of state) volumes=$(things_of volume)
  look_owners
  look_members
  # Where nobody who runs tells the versions, the image does.
  untold=
  while read -r name container image directory _ servers; do
    [ -n "$name" ] || continue
    id=$(printf '%s\n' "$ids" | sed -n "s|^$image ||p")
    [ -n "$id" ] || continue
    own=unanswered said='' teller=$name
    case $states in *"/$container true "*) own=$(things_of "in.$name") ;; esac
    case $own in *unanswered) look_in_volume "$id" "$container" "$name" "$directory" & ;; esac
    own=${own%unanswered} own=${own%"$newline"}
    case $states in
      *"/$container true $id|"*)
        [ -z "$own" ] || printf '%s\n' "$own"
        find_teller "$image" "$servers"
        case $states in *"/$teller_container true $id|"*) said=$(things_of "in.$teller") ;; esac
        ;;
      *) printf '%s\n' "$own" | grep -v -e '^server[.]' -e '^version[.]' -e '^$' ;;
    esac
    case $said in
      *"version.$teller "*)
        [ "$teller" = "$name" ] || printf '%s\n' "$said" |
          sed -n -e "s/^server[.]$teller /server.$name /p" \
            -e "s/^version[.]$teller /version.$name /p"
        ;;
      *) untold="$untold$id look_version $name $servers$newline" ;;
    esac
  done <<END
$containers
END
  for id in $(printf '%s' "$untold" | cut -d ' ' -f 1 | sort -u); do
    look_in_new "$id" "$(printf '%s' "$untold" | sed -n "s|^$id ||p")" &
  done
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

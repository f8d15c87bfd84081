# How the engine is asked: for an image, and in a container, an image or a volume. Needs refused,
# engine, limited, and what stands before the look.

look_images() {
  printf '%s' "$images" | while read -r image pull; do
    said=$(engine image inspect -f "$image {{.Id}}" "$image" 2>&1) && {
      printf '%s\n' "$said"
      continue
    }
    case $said in
      *'o such image'*) [ "$pull" = 1 ] || continue ;;
      *) printf '%s\n' "$said" >&2 && continue ;;
    esac
    if said=$(eval "$engine pull -q \"\$image\"" 2>&1); then
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

# look_in_each: what every container says of its process, and of the whole; those that are not
# there, or do not run, say nothing.
look_in_each() {
  while read -r name container image directory lifecycle servers; do
    [ -n "$name" ] || continue
    asked=''
    while read -r check its_container its_directory its_lifecycle; do
      [ "$its_container" != "$container" ] ||
        asked="check_limit=20
look_check $check $its_directory $its_lifecycle &"
    done <<END
$checks
END
    find_teller "$image" "$servers"
    [ "$teller" != "$name" ] || asked="$asked
look_version $name $servers"
    look_in "$container" "$name" "$asked
look_known $name $directory/parameters
look_instance $name $directory $lifecycle
wait
echo answered.$name 1" &
  done <<END
$containers
END
}

# look_in CONTAINER NAME QUESTIONS: lines "in.NAME ANSWER", and "in.CHECK ANSWER" for a check among
# the questions; "in.NAME unanswered", last, where it can't be asked, or not to the end. An engine
# that is busy takes long; one that hangs must not hang us. Its servers' user could have it say
# anything: no more than one line of each answer about NAME, and about what is checked, is taken.
look_in() {
  printf '%s\n%s\n' "$look" "$3" |
    engine exec -i "$1" sh -s 2>/dev/null | head -c 65536 |
    tr -cd '\012\040-\176' |
    awk -v name="$2" -v check="${3#*look_check }" '
      BEGIN { sub(/ .*/, "", check) }
      {
        key = $1
        if (!sub(/^[a-z]+[.]/, "", key) || $1 in seen) next
        if (key == name) {
          if ($1 ~ /^answered[.]/) answered = 1
          if ($1 !~ /^(server|version|endpoint|program|auth|instance|changed)[.]/ &&
            $1 !~ /^(paused|populated|known)[.]/) next
        } else if (key != check || $1 !~ /^(leader|(un)?verified)[.]/) next
        seen[$1] = 1
        print "in." key, substr($0, 1, $1 ~ /^known/ ? 8000 : 400)
      }
      END { if (!answered) print "in." name, "unanswered" }'
}

# find_teller IMAGE SERVERS: whom the versions of these programs are asked, the first who is to have
# them. They are the same in all containers of an image: nobody can write to where they are.
find_teller() {
  while read -r teller teller_container t_image _ _ t_servers; do
    [ "$t_image $t_servers" != "$1 $2" ] || return 0
  done <<END
$containers
END
}

# look_in_volume ID CONTAINER NAME DIRECTORY: where its container can't be asked, but its volume is
# there: whether anything was ever ready in it, which is also taken for true where that can't be
# seen, and whether it is paused. Nothing of what the servers' user has put there is read or run.
look_in_volume() {
  case "$newline$volumes" in
    *"$newline$2|"*)
      # shellcheck disable=SC2016
      {
        limited 60 sh -c \
          "$engine run --rm --network none --read-only --user 0:0 --cap-drop ALL --cap-add DAC_READ_SEARCH --security-opt no-new-privileges -v \"\$2:/redis-ha:ro\" --entrypoint sh \"\$1\" -c 'if [ -e \"\$1/created\" ] || [ -e \"\$1/instance\" ]; then echo 1; fi; at=\${1%/*}; if [ -e \"\$at/.paused\" ] && [ -f \"\$at/.pulumi-redis-ha\" ] && head -n 1 \"\$at/.pulumi-redis-ha\" | grep -q -x -F \"deployment \$2\"; then echo 2; fi' sh \"\$3\" \"\$4\"" \
          sh "$1" "$2" "$4" "$deployment" || echo 1
      } | sed -n -e "s/^1\$/populated.$3 1/p" \
        -e "s/^2\$/paused.$3 ? ? its container does not run, and cannot tell since when and why/p"
      ;;
  esac
}

# Ends the containers of a deployment that the program no longer has, on one Docker engine; read by
# sh from standard input on the machine that runs Pulumi, after engine='…' (the docker program, told
# which engine), deployment='…' (its identity), stays='…' (the names of the containers that stay, a
# line each), within='…' (text for a container's own sh, after here= and name=: it retires the
# process) and scripts='…' (a file for that sh to read before, or nothing). A container whose
# process has left is stopped, and not started by the engine.
set -u
LC_ALL=C
export LC_ALL
: "${engine:?}" "${deployment:?}" "${stays?}" "${within:?}" "${scripts?}"
engine() { eval "$engine \"\$@\""; }
label() { echo "{{.Label \"pulumi-redis-ha.$1\"}}"; }
# What the servers' user may have it say is cut, and has no control characters.
plain() { head -c 65536 | tr -d '\000-\010\013-\037\177'; }

there=$(
  engine container ls -a --filter "label=pulumi-redis-ha.deployment=$deployment" \
    --format "{{.Names}} $(label host) $(label process)"
) || exit 1
printf '%s\n' "$there" | sort | while read -r container host process; do
  if [ -z "$container" ] || printf '%s\n' "$stays" | grep -q -x -F -e "$container"; then continue; fi
  case $host.$process in
    *[!A-Za-z0-9._-]*) echo "container $container has labels that are none of ours" >&2 && exit 1 ;;
  esac
  # It starts nothing where its process has left already.
  engine container unpause "$container" >/dev/null 2>&1
  engine container start "$container" >/dev/null || exit 1
  said=$(
    {
      printf "here='/redis-ha/%s' name='%s'\n" "$host" "$process"
      [ -z "$scripts" ] || cat "$scripts"
      printf '%s\n' "$within"
    } | engine exec -i "$container" sh 2>&1
    echo "status $?"
  )
  printf '%s\n' "${said%status *}" | plain | sed '/^$/d'
  if [ "${said##*status }" != 0 ]; then
    echo "$process could not be taken out" >&2
    exit 1
  fi
  engine container stop "$container" >/dev/null || exit 1
done

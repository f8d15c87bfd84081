# Which program a server runs, and whether it can read what another one wrote.

# running_program: of what a server says to INFO server, in the words of its program's --version
# (components/redis/version.ts).
running_program() {
  awk -F: '
    { told[$1] = $2 }
    END {
      if (told["valkey_version"] != "") what = "Valkey " told["valkey_version"]
      else if (told["redis_version"] != "") what = "Redis " told["redis_version"]
      if (what != "")
        print what (told["redis_build_id"] ~ /^[0-9a-f]+$/ ? ", build " told["redis_build_id"] : "")
    }'
}

# runs_another: 0: the server runs another program than it is to run from now on (says which); 1: it
# does not; 2: it does not say.
runs_another() {
  # shellcheck disable=SC1090
  to_run=$(. "$(staged parameters)" && echo "${program:-}")
  [ -n "$to_run" ] || return 1
  runs=$(ask_me INFO server | running_program)
  if [ -z "$runs" ]; then
    [ "$to_run" != "$program" ] || return 1
    say "nothing is changed: it does not say which program it runs, and is to run $to_run" >&2
    return 2
  fi
  [ "$runs" != "$to_run" ] || return 1
  say "runs $runs and is to run $to_run"
}

# same_format FILE: prints a snapshot without any data, of the format in which the newer one of what
# is kept here was written. A server that can't read that can't read the data: there is no table of
# who reads what that would hold for ever.
same_format() {
  sf_newest=
  for each in "$rdb_name" "$aof_dir"/*.rdb "$aof_name"; do
    [ -f "$each" ] || continue
    sf_magic=$(head -c 9 "$each" | LC_ALL=C tr -cd 'A-Z0-9')
    case $sf_magic in
      REDIS[0-9][0-9][0-9][0-9] | VALKEY[0-9][0-9][0-9]) ;;
      *) continue ;;
    esac
    # Valkey's own come after those that it shares with Redis.
    if [ -z "$sf_newest" ] ||
        [ "$(printf '%s\n%s\n' "$sf_magic" "$sf_newest" | sort | tail -n 1)" = "$sf_magic" ]; then
      sf_newest=$sf_magic
    fi
  done
  # The end, and no checksum.
  [ -z "$sf_newest" ] || printf '%s\377\000\000\000\000\000\000\000\000' "$sf_newest"
}

some_node_holds_keys() {
  ask_all "$nodes" INFO keyspace
  grep -q '^db[0-9]' "$replies"/* 2>/dev/null
}

# check: prints every way in which the topology is not what it should be.
check() {
  named=$(named_master)
  if [ -z "$named" ]; then echo "no majority of the sentinels names a master"; return; fi
  ask_all "$sentinels" SENTINEL MASTER "$master"
  epochs=
  for reply in "$replies"/*; do
    of() { grep -A 1 -x "$1" "$reply" | tail -n 1; }
    who=${reply##*/}
    if [ ! -s "$reply" ]; then echo "$who does not answer"; continue; fi
    [ "$(node_at "$(of ip)" "$(of port)")" = "$named" ] || echo "$who names $(of ip):$(of port), the majority $named"
    [ "$(of flags)" = master ] || echo "$who sees the master as: $(of flags)"
    [ "$(of num-other-sentinels)" = $(($(count "$sentinels") - 1)) ] || echo "$who knows $(of num-other-sentinels) other sentinels"
    [ "$(of num-slaves)" = $(($(count "$nodes") - 1)) ] || echo "$who knows $(of num-slaves) replicas"
    epochs="$epochs $(of config-epoch)"
  done
  # shellcheck disable=SC2086
  [ "$(printf '%s\n' $epochs | sort -u | grep -c .)" -le 1 ] || echo "the sentinels are in different epochs:$epochs"
  # A replica that it is not connected to it would not promote, a sentinel it would not hear.
  for each in slave sentinel; do
    ask_all "$sentinels" SENTINEL ${each}s "$master"
    for reply in "$replies"/*; do
      awk -v who="${reply##*/}" -v wanted=$each '
        before == "ip" { ip = $0 }
        before == "port" { at = $0 }
        before == "flags" && $0 != wanted { print who " sees the " wanted " " ip ":" at " as: " $0 }
        { before = $0 }' "$reply"
    done
  done
  ask_all "$sentinels" SENTINEL CKQUORUM "$master"
  for reply in "$replies"/*; do
    grep -qi -e "^OK $(count "$sentinels") usable" -e unknown "$reply" || echo "${reply##*/} on the quorum: $(head -n 1 "$reply")"
  done
  ask_all "$nodes" INFO replication
  for reply in "$replies"/*; do
    who=${reply##*/}
    if [ ! -s "$reply" ]; then
      echo "$who does not answer"
    elif [ "$who" = "$named" ]; then
      [ "$(field role <"$reply")" = master ] || echo "$who is named as the master but says it is a replica"
    elif [ "$(field role <"$reply")" = master ]; then
      echo "$who says it is a master, too"
    elif [ "$(node_at "$(field master_host <"$reply")" "$(field master_port <"$reply")")" != "$named" ]; then
      echo "$who replicates $(field master_host <"$reply"):$(field master_port <"$reply") instead of $named"
    elif [ "$(field master_link_status <"$reply")" != up ] || [ "$(field master_sync_in_progress <"$reply")" != 0 ]; then
      echo "$who is not in sync with the master"
    fi
  done
}

# replicas_known: prints which sentinels have yet to hear, every 10 s at the latest, that a former master is a replica.
# Cut off before, they would make it their own master's replica when they are back.
replicas_known() {
  ask_all "$sentinels" SENTINEL slaves "$master"
  for reply in "$replies"/*; do
    awk -v who="${reply##*/}" '
      before == "name" { its = $0 }
      before == "role-reported" && $0 == "master" { print who " has not heard yet that " its " is a replica" }
      { before = $0 }' "$reply"
  done
}

verify() {
  deadline=$(($(date +%s) + verify_limit))
  occasion=$(cat)
  while :; do
    named=$(named_master)
    [ -z "$named" ] || settle
    problems=$(check)
    problems=${problems:-$(replicas_known)}
    if [ -z "$problems" ]; then
      # shellcheck disable=SC2046
      set -- $(where "$nodes" "$named")
      written=$(ask "$@" SET "pulumi-redis-ha:verify" "$$" EX 10)
      [ "$written" = OK ] && break
      problems="$named takes no write: $written"
    fi
    if [ "$(date +%s)" -ge $deadline ]; then
      say "not a working high-availability set after $verify_limit s:" >&2
      printf '%s\n' "$problems" | sed 's/^/  /' >&2
      echo "Next: npm run status shows the topology as the sentinels see it; each process logs to its own directory" >&2
      exit 1
    fi
    sleep 0.1
  done
  ask "$@" DEL "pulumi-redis-ha:verify" >/dev/null
  # What looks at this machine later compares: the same, as long as it still holds.
  if ! { printf '%s\n' "$occasion" | sed -n 's/^verified //p' >verified.new && mv verified.new verified; }; then refuse "cannot write $directory/verified"; fi
  say "verified: $(count "$nodes") nodes, $(count "$sentinels") sentinels agree"
}

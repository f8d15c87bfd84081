# problems: prints every way in which the whole is not what it should be, from what is gathered; nothing is asked.
problems() {
  if [ -z "$named" ]; then
    echo "no majority of the sentinels names a master"
    printf '%s\n' "$gathered" | not_said address
    return
  fi
  { printf '%s\n' "$nodes" | sed 's/^/is /'; printf '%s\n' "$sentinels" | sed 's/^/sits /'; printf '%s\n' "$gathered"; } |
    awk -v named="$named" -v nodes="$(count "$nodes")" -v sentinels="$(count "$sentinels")" '
      $1 == "is" { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2; next }
      $1 == "sits" { peer[$3 ":" $5] = $2; peer[$4 ":" $5] = $2; order[++n] = $2; next }
      $3 == "!" { text = $0; sub(/^[^ ]* [^ ]* ! /, "", text); if (!(($1, $2) in silent)) silent[$1, $2] = "gives no answer: " text }
      $3 == "-" { silent[$1, $2] = "does not answer: nobody listens there" }
      $3 != "=" { next }
      { line = $0; sub(/^[^ ]* [^ ]* = ?/, "", line) }
      # Those who answer at once come in between each other.
      $1 == "sentinel" && ++place[$1, $2] % 2 { key[$1, $2] = line; next }
      $1 == "sentinel" { of[$2, key[$1, $2]] = line; next }
      # Lists begin anew with each "name".
      $1 == "slaves" || $1 == "peers" {
        if (++place[$1, $2] % 2) { key[$1, $2] = line; if (line == "name") item[$1, $2]++; next }
        of[$1, $2, item[$1, $2], key[$1, $2]] = line
      }
      function known(list, who,   i, at, flags, wanted, map) {
        wanted = list == "slaves" ? "slave" : "sentinel"
        for (i = 1; i <= item[list, who]; i++) {
          at = of[list, who, i, "ip"] ":" of[list, who, i, "port"]
          flags = of[list, who, i, "flags"]
          if (!(list == "slaves" ? at in name : at in peer)) {
            strays++
            print who " knows a " (list == "slaves" ? "replica" : "sentinel") " that is not of this deployment, " at " (" flags "): " \
              (flags ~ /s_down|disconnected/ ? "if it is gone for good, put it into the list `forget`" : (list == "slaves" ? \
              "it replicates this master. Stop it, or make it follow another one (REPLICAOF), and then put it into the list `forget`" : \
              "it watches a master of this name. Stop it, or take the master from it (SENTINEL REMOVE), and then put it into the list `forget`"))
          } else if (flags != wanted) {
            # A replica that it is not connected to it would not promote, a sentinel it would not hear.
            print who " sees the " wanted " " at " as: " flags
          }
        }
      }
      END {
        for (s = 1; s <= n; s++) {
          who = order[s]
          if (("sentinel", who) in silent) { print who " " silent["sentinel", who]; continue }
          at = of[who, "ip"] ":" of[who, "port"]
          if ((at in name ? name[at] : at) != named) print who " names " at ", the majority " named
          if (of[who, "flags"] != "master") print who " sees the master as: " of[who, "flags"]
          strays = 0
          for (l = 1; l <= 2; l++) {
            list = l == 1 ? "slaves" : "peers"
            if ((list, who) in silent) { print who " " silent[list, who]; strays++; continue }
            known(list, who)
          }
          if (!strays && of[who, "num-other-sentinels"] != sentinels - 1) print who " knows " of[who, "num-other-sentinels"] + 0 " other sentinels"
          if (!strays && of[who, "num-slaves"] != nodes - 1) print who " knows " of[who, "num-slaves"] + 0 " replicas"
          epoch[of[who, "config-epoch"]] = 1
          if (("quorum", who) in silent) print who " on the quorum: " silent["quorum", who]
        }
        for (each in epoch) { epochs++; list_of_epochs = list_of_epochs " " each }
        if (epochs > 1) print "the sentinels are in different epochs:" list_of_epochs
      }'
  printf '%s\n' "$gathered" | sed -n 's/^quorum \([^ ]*\) = \(.*\)/\1 \2/p' | grep -v " OK $(count "$sentinels") usable" | sed 's/ / on the quorum: /'
  printf '%s\n' "$gathered" | not_said node
  printf '%s\n' "$table" | awk -v named="$named" '
    $2 != "up" { next }
    $1 == named { if ($3 != "master") print $1 " is named as the master but says it is a replica"; next }
    $3 == "master" { print $1 " says it is a master, too"; next }
    $5 != named { print $1 " replicates " $5 " instead of " named; next }
    $6 != "up" { print $1 " is not in sync with the master" }'
}

# examine: gathers all that problems looks at.
examine() {
  gather
  gathered=$(
    printf '%s\n' "$gathered"
    answers slaves "$sentinels" list SENTINEL slaves "$master" &
    answers peers "$sentinels" list SENTINEL sentinels "$master" &
    [ "$check_quorum" != 1 ] || answers quorum "$sentinels" quorum SENTINEL CKQUORUM "$master" &
    wait
  )
}

# replicas_known: prints which sentinels have yet to hear, every 10 s at the latest, that a former master is a replica.
# Cut off before, they would make it their own master's replica when they are back.
replicas_known() {
  printf '%s\n' "$gathered" | sed -n 's/^slaves \([^ ]*\) = \(.*\)/\1 \2/p' | awk '
    before[$1] == "name" { its[$1] = $2 }
    before[$1] == "role-reported" && $2 == "master" { print $1 " has not heard yet that " its[$1] " is a replica" }
    { before[$1] = $2 }'
}

verify() {
  deadline=$(($(date +%s) + verify_limit))
  occasion=$(cat)
  while :; do
    rejoin
    waits=$why
    examine
    found=$(problems)
    found=${found:-$(replicas_known)}
    if [ -z "$found" ]; then
      # shellcheck disable=SC2046
      set -- $(where "$nodes" "$named")
      written=$(ask "$@" SET "pulumi-redis-ha:verify" "$$" EX 10)
      [ "$written" = OK ] && break
      found="$named takes no write: $(printf '%s\n' "$written" | one_line)"
    fi
    if [ "$(date +%s)" -ge $deadline ]; then
      say "not a working high-availability set after $verify_limit s:" >&2
      { [ -z "$waits" ] || printf '%s\n' "$waits"; printf '%s\n' "$found"; } | sed 's/^/  /' >&2
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

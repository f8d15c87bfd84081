verify() {
  deadline=$(($(date +%s) + verify_limit)) hello=
  occasion=$(cat)
  while :; do
    rejoin
    waits=$why
    settle_priorities
    gather whole
    judged=$(judge)
    found=$(printf '%s\n' "$judged" | of broken)
    # Cut off before, they would make a former master their own master's replica when they are back.
    found=${found:-$(printf '%s\n' "$judged" | of settling)}
    if [ -z "$found" ]; then
      # shellcheck disable=SC2046
      set -- $(where "$nodes" "$named")
      written=$(ask "$@" SET "pulumi-redis-ha:verify" "$$" EX 10)
      [ "$written" = OK ] && break
      found="$named takes no write: $(printf '%s\n' "$written" | one_line)"
    fi
    if [ -z "$hello" ] && have_to_meet; then
      trap 'say_hello 2000' EXIT
      trap 'exit 1' HUP INT TERM
      say_hello 100
    fi
    if [ "$(date +%s)" -ge $deadline ]; then
      say "not a working high-availability set after $verify_limit s:" >&2
      { [ -z "$waits" ] || printf '%s\n' "$waits"; printf '%s\n' "$found"; } | sed 's/^/  /' >&2
      echo "Next: npm run status shows the topology as the sentinels see it; each process logs to its own directory" >&2
      exit 1
    fi
    sleep 0.1
  done
  printf '%s\n' "$judged" | of warning
  ask "$@" DEL "pulumi-redis-ha:verify" >/dev/null
  # What looks at this machine later compares: the same, as long as it still holds.
  if ! {
    printf '%s\n' "$occasion" | sed -n 's/^verified //p' >verified.new && mv verified.new verified
  }; then
    refuse "cannot write $directory/verified"
  fi
  say "verified: $(count "$nodes") nodes, $(count "$sentinels") sentinels agree"
}

# have_to_meet: nothing else is wrong (judged) than what sentinels that have just been started do not
# know of each other and of the replicas.
have_to_meet() {
  printf '%s\n' "$judged" | awk '
    $2 == "broken" && $1 ~ /^(11|13|15|17|18)$/ { meet = 1; next }
    $2 == "broken" { other = 1 }
    END { exit !meet || other }'
}

# say_hello MS: how often the sentinels tell each other of themselves, by way of the nodes: each two
# seconds, as they have it, which is most of the time that a first verification waited. Before Redis
# 7.0 an error. Whoever is killed in between leaves it so until a sentinel is started anew: they hear
# of each other sooner.
say_hello() {
  hello=$1
  while read -r _ _ h_address h_port; do
    [ -z "$h_port" ] ||
      ask "$h_address" "$h_port" SENTINEL DEBUG publish-period "$hello" >/dev/null &
  done <<EOT
$sentinels
EOT
  wait
}

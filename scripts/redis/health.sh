verify() {
  deadline=$(($(date +%s) + verify_limit))
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

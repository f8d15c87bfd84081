# Who of the deployment has left: a sentinel keeps everybody whom it ever was told of in a file,
# members, and does not take over, at a start, what it knows of one that is no longer of the
# deployment. No RESET is needed for that, and nothing else is forgotten.

# forms LIST: how a sentinel may know each of the list ("name host address port" a line), a line
# each: HOST:PORT and ADDRESS:PORT.
forms() { printf '%s\n' "$1" | awk 'NF == 4 { print $2 ":" $4; print $3 ":" $4 }'; }

# remember: those that there are now.
remember() {
  { cat members 2>/dev/null; forms "$nodes$newline$sentinels"; } | sort -u >members.new &&
    mv members.new members
}

# have_left NODES SENTINELS: the forms of those that were, and are not in these lists.
have_left() {
  [ -s members ] || return 0
  printf '%s\n' "$1$newline$2" | awk '
    were { if (!($0 in stays)) print; next }
    NF == 4 { stays[$2 ":" $4]; stays[$3 ":" $4] }' - were=1 members
}

# known_of FORMS: which of these this sentinel knows as replicas or sentinels, by its own file.
known_of() {
  [ -n "$1" ] || return 0
  { printf '%s\n=\n' "$1"; cat sentinel.conf 2>/dev/null; } | awk '
    !begun && $0 == "=" { begun = 1; next }
    !begun { is[$0] = 1; next }
    $1 == "sentinel" && $2 ~ /^known-(replica|slave|sentinel)$/ && ($4 ":" $5) in is {
      print $4 ":" $5
    }' | sort -u
}

# decide_forgetting: a function, without any asking, of named (by a majority of the sentinels besides
# those that left), failover, table, said ("SENTINEL NODE EPOCH" for each of them that answers) and
# answering (those of who left that answer). Sets forgetting: "now", "never" (who has left is still
# there) or "wait", with why. One that does not answer is started later, and forgets then.
decide_forgetting() {
  forgetting=wait why='' fg_master=
  if [ -n "$answering" ]; then
    forgetting=never why="who has left still answers: $(printf '%s\n' "$answering" | tr '\n' ' ')"
    return
  fi
  one_is_named "most sentinels name" || return 0
  while read -r fg_name fg_state fg_role _; do
    [ "$fg_name.$fg_state.$fg_role" != "$named.up.master" ] || fg_master=1
  done <<EOT
$table
EOT
  if [ -z "$fg_master" ]; then
    why="$named, which the sentinels name, is not there as the master" && return
  fi
  forgetting=now
}

# await_forgetting NODES SENTINELS: before a sentinel is started anew without those that have left:
# one sentinel after the other. With the lists as
# they are to be, and leavers. 0: now; 1: not at all; 2: it can't be done (says why).
await_forgetting() {
  af_had_nodes=$nodes af_had_sentinels=$sentinels
  # A sentinel that is yet to be made has no say.
  nodes=$1 sentinels=$(staying_of "$sentinels" "$2")
  af_until=$(($(date +%s) + ready_limit))
  while :; do
    answering=$(printf '%s\n' "$leavers" | while IFS=: read -r af_host af_port; do
      [ -z "$(ask "$af_host" "$af_port" PING)" ] || echo "$af_host:$af_port"
    done)
    gather
    said=$(printf '%s\n' "$known" "$gathered" | names_said)
    decide_forgetting
    if [ "$forgetting" = now ] || [ "$(date +%s)" -ge $af_until ]; then break; fi
    sleep 0.2
  done
  nodes=$af_had_nodes sentinels=$af_had_sentinels
  case $forgetting in
    now) return 0 ;;
    never) say "does not forget who has left: $why" && return 1 ;;
  esac
  say "nothing is changed: it is to forget who has left, and can't within $ready_limit s: $why" >&2
  return 2
}

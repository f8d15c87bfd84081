# The news that another node is the master: to the sentinels, and to the nodes. Needs lib/links.sh,
# hello (settlement/record.sh) and what election.sh has set.

# tell_sentinels: what a sentinel would hear of another one that it knows. Sets told, how many have
# taken note of it.
tell_sentinels() {
  next_round
  while read -r ts_name _ _ _ _ _ ts_peer _; do
    send "$ts_name" "PUBLISH __sentinel__:hello $(hello "$ts_peer")"
  done <<EOT
$sits
EOT
  collect $answer_limit "$votes"
  told=0
  while read -r ts_name ts_heard; do
    case $ts_heard in 1) told=$((told + 1)) ;; esac
  done <<EOT
$replies
EOT
}

# follow_target: this node at once, and it has to say so before its clients may write again.
follow_target() {
  next_round
  for each in $node_names; do
    [ "$each" = "$target" ] || send "$each" "REPLICAOF ${to%,*} ${to##*,}"
  done
  # One of the others that does not answer is none of its clients' business.
  awaited=" $name "
  collect $answer_limit
  reply_of "$name"
  case $reply in OK*) ;; *) return 1 ;; esac
  next_round
  send "$name" "CLIENT KILL TYPE normal"
  send "$name" "CLIENT UNPAUSE"
  collect $answer_limit
  return 0
}

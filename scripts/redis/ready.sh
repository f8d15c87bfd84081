# While ours has not looked at its port yet, another server there would be found ready.
answers_itself() {
  [ "$(ask_me INFO server | field config_file)" = "$directory/$kind.conf" ] || {
    say "no answer of its own on $host:$port yet"
    return 1
  }
}

ready_node() {
  pong=$(ask_me PING)
  case $pong in
    PONG | MASTERDOWN*) ;;
    LOADING*)
      say "loading, $(ask_me INFO persistence | field loading_loaded_perc) % of the data"
      return 1
      ;;
    '') say "no answer on $host:$port"; return 1 ;;
    *) say "$host:$port says: $(printf '%s\n' "$pong" | one_line)"; return 1 ;;
  esac
  answers_itself || return 1
  settle
  if ! answer_me info INFO; then say "$host:$port gives no answer: $no_answer"; return 1; fi
  info=$answer
  its() { printf '%s\n' "$info" | field "$1"; }
  if [ "$(its role)" = master ]; then
    # A hand-over that was killed leaves writes refused on servers that know no pause that ends by
    # itself.
    [ "$pause_write" = 1 ] || allow_writes
    is="master"
  elif [ "$(node_at "$(its master_host)" "$(its master_port)")" = "$name" ]; then
    is="waits to be told who is the master"
  elif [ "$(its master_link_status)" = up ] && [ "$(its master_sync_in_progress)" = 0 ]; then
    is="replica of $(its master_host):$(its master_port)"
    if ! promotable; then say "its priority for the sentinels cannot be set" && return 1; fi
  elif [ "$(its master_sync_in_progress)" = 1 ]; then
    say "synchronising with the master, $(its master_sync_left_bytes) bytes left"
    return 1
  else
    # A master that is down as well, or waits itself, is repaired after this node: not a reason to
    # stop here.
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$(node_at "$(its master_host)" "$(its master_port)")")
    is="replica, but $(its master_host):$(its master_port) is not there as its master yet"
    if [ $# -ne 2 ] ||
        { answer info "$@" INFO && [ "$(printf '%s\n' "$answer" | field role)" = master ]; }; then
      say "the link to the master $(its master_host):$(its master_port) is down"
      return 1
    elif [ -z "$answer$gone" ]; then
      say "the link to the master $(its master_host):$(its master_port) is down, and that gives no answer: $no_answer"
      return 1
    fi
  fi
  [ "$is" != master ] || promotable || :
  aof_as_wanted "$info" || return 1
  [ -e created ] || : >created
  say "ready: $is"
}

ready_sentinel() {
  if [ "$(ask_me PING)" != PONG ]; then say "no answer on $host:$port"; return 1; fi
  answers_itself || return 1
  printf '%s\n' "$monitored" | while read -r m_name _; do
    if ! answer_me address SENTINEL get-master-addr-by-name "$m_name"; then
      say "gives no answer about $m_name: $no_answer"
      exit 1
    fi
    if [ -z "$answer" ]; then say "does not know $m_name"; exit 1; fi
    # shellcheck disable=SC2086
    set -- $answer
    say "ready: $m_name is at $1:$2"
  done || return 1
  # Its news of the nodes is a second old at most, not ten: on older news it would act when a link
  # comes back. Before Redis 7.0 an error.
  ask_me SENTINEL DEBUG info-period 1000 >/dev/null || :
}

# Connections that stay open, where each question must cost a millisecond and not a process.
# A shell has too few descriptors for one per peer: each client reads its commands from a FIFO of
# its own and all of them answer into one. A FIFO that is opened for reading and writing (as Linux
# allows) never blocks, and its client sees no end.

# links_possible: what that needs, apart from POSIX: a limit for each client, a clock that costs no
# process.
links_possible() {
  [ -r /proc/uptime ] && command -v mkfifo >/dev/null && command -v timeout >/dev/null &&
    timeout 0.5 true 2>/dev/null
}

# clock: sets clock, hundredths of a second since the machine was started, which nobody sets back.
clock() {
  read -r clock _ </proc/uptime
  clock=$((${clock%.*} * 100 + 1${clock#*.} - 100))
}

# open_links LIST SECONDS: a client for each in LIST ("name host address port" a line), which ends
# by itself after SECONDS, whatever becomes of us. Ticks into the same FIFO end the waiting for an
# answer that does not come.
open_links() {
  links=$directory/election.links link_round=0
  rm -rf "$links"
  mkdir "$links" && mkfifo "$links/said" && : >"$links/pids" || return 1
  exec 3<>"$links/said" || return 1
  l_ticks=$(($2 * 20))
  while [ $l_ticks -gt 0 ] && sleep 0.05 && echo tick; do
    l_ticks=$((l_ticks - 1))
  done >"$links/said" 2>/dev/null &
  echo "$!" >>"$links/pids"
  while read -r l_name _ l_address l_port; do
    mkfifo "$links/to.$l_name" || return 1
    log_in_at "$l_address" "$l_port"
    {
      # Open until the client is, or what is in it would be lost.
      exec 5<>"$links/to.$l_name"
      [ -z "$login_user" ] || printf 'AUTH %s %s\nCLIENT SETNAME round.login\nCLIENT GETNAME\n' \
        "$login_user" "$login_password" >&5
      timeout -s KILL "$2" "$cli" -h "$l_address" -p "$l_port" \
        <>"$links/to.$l_name" 2>&1 3<&- 5<&- &
      echo "$!" >>"$links/pids"
      wait
    } 2>/dev/null | link_answers "$l_name" >"$links/said" 2>/dev/null 3<&- &
  done <<EOT
$1
EOT
}

# link_answers NAME: one line for each answer, in one piece as others write to the same FIFO: NAME,
# what the round was, and the lines of the answer. Each command is followed by two more, which name
# the connection after the round and say that name.
link_answers() {
  la_answer=
  while read -r la_line; do
    case $la_line in
      '') ;;
      round.*)
        printf '%s %s %s\n' "$1" "${la_line%% *}" "${la_answer% OK}"
        la_answer=
        ;;
      *) if [ ${#la_answer} -lt 2000 ]; then la_answer="$la_answer $la_line"; fi ;;
    esac
  done
}

# A question to some of them at once: next_round, send for each, collect.
next_round() {
  link_round=$((link_round + 1)) awaited=' ' replies=
}

send() {
  awaited="$awaited$1 "
  printf '%s\nCLIENT SETNAME round.%s\nCLIENT GETNAME\n' "$2" "$link_round" 1<>"$links/to.$1"
}

# collect HUNDREDTHS [COUNT]: what they say within that time, in replies, a line for each: "NAME
# ANSWER", until COUNT of them or all have answered; fails if somebody is missing, whose names are
# in awaited then.
collect() {
  clock
  co_until=$((clock + $1)) co_left=${2:--1}
  while [ "$awaited" != ' ' ] && [ "$co_left" -ne 0 ]; do
    read -r co_name co_round co_answer <&3 || return 1
    if [ "$co_name" = tick ]; then
      clock
      [ "$clock" -lt $co_until ] || return 1
    elif [ "$co_round" = "round.$link_round" ]; then
      replies="$replies$co_name $co_answer$newline" co_left=$((co_left - 1))
      case $awaited in
        *" $co_name "*) awaited="${awaited%%" $co_name "*} ${awaited#*" $co_name "}" ;;
      esac
    fi
  done
}

# reply_of NAME: sets reply.
reply_of() {
  case $newline$replies in
    *"$newline$1 "*)
      reply=${newline}${replies}
      reply=${reply#*"$newline$1 "}
      reply=${reply%%"$newline"*}
      ;;
    *) reply= ;;
  esac
}

# close_links: none of them stays behind, not even one that waits for an answer.
close_links() {
  exec 3<&-
  # coreutils' timeout leads a group, which its client is in; busybox's has become the client.
  while read -r cl_pid; do
    kill -KILL "-$cl_pid" 2>/dev/null || kill -KILL "$cl_pid" 2>/dev/null
  done <"$links/pids"
  rm -rf "$links"
} 2>/dev/null

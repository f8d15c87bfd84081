# What to do with a process that runs: gathered, then decided, so that the decision can be tried
# over every case.

# judge_silence: prints leave, wait, kill or refuse, and why. Of these variables, without asking
# anybody:
#   s_kind       node or sentinel
#   s_reply      1: it gives some reply, be it an error or that it is loading; empty: none
#   s_patience   1: it has been silent for as long as one waits for it to come back (the sentinels'
#                down-after, at least)
#   s_over       1: it has been silent for so long that the sentinels would have failed over by now
#   s_authority  other: a majority of the sentinels names another node, and that one says it is the
#                master; self: a majority names this one; nobody: neither
#   s_successor  1: some other node says that it replicates this one
#   s_disk       1: what it would load is surely all it ever acknowledged
# A kill -9 is for ever: what a master has in memory only is gone, and its replicas take what it
# loads. One that nobody can take over from is killed only if nothing is lost by it.
judge_silence() {
  if [ -n "$s_reply" ]; then
    echo leave it answers
  elif [ -z "$s_patience" ]; then
    echo wait it may come back
  elif [ "$s_kind" = sentinel ]; then
    echo kill a sentinel has no data
  elif [ "$s_authority" = other ]; then
    echo kill another node is the master, and it will start as its replica
  elif [ "$s_authority" = self ] && [ -n "$s_successor" ] && [ -z "$s_over" ]; then
    echo wait the sentinels are to make another node the master first: replicas may hold more than \
      what it would load
  elif [ -n "$s_disk" ]; then
    echo kill everything it acknowledged is on disk
  elif [ "$s_authority" = self ] && [ -n "$s_successor" ]; then
    echo refuse the sentinels name it as the master and have not made another one
  elif [ "$s_authority" = self ]; then
    echo refuse the sentinels name it as the master, and no replica of it is there to take over
  else
    echo refuse no other node is known to be the master, so it may hold what no other does
  fi
}

# how_it_is PID: what the system says of it, for the reader.
how_it_is() {
  case $(sed -n 's/.*) \(.\) .*/\1/p' "/proc/$1/stat" 2>/dev/null) in
    T | t) echo "it is stopped, as by SIGSTOP" ;;
    D) echo "it waits for the disk" ;;
    R) echo "it computes" ;;
    *) echo "it hangs" ;;
  esac
}

# silence PID SECONDS: gathers, for a process that has been silent for SECONDS, and tells the
# decision.
silence() {
  s_kind=$kind s_authority=nobody s_successor='' s_disk='' s_patience='' s_over='' s_reply=''
  # In whole seconds, rounded up.
  s_down=$(((${down_after:-0} + 999) / 1000))
  s_wait=$((s_down > 15 ? s_down : 15)) s_last=$((s_down + 15 + ready_limit))
  [ "$2" -lt $s_wait ] || s_patience=1
  [ "$2" -lt $s_last ] || s_over=1
  if [ -n "$(any_reply)" ]; then s_reply=1; fi
  if [ -n "$s_patience" ] && [ -z "$s_reply" ] && [ "$kind" = node ]; then
    gather
    if [ "$named" = "$name" ]; then
      s_authority=self
    elif [ -n "$named" ] && printf '%s\n' "$table" | grep -q "^$named up master "; then
      s_authority=other
    fi
    if printf '%s\n' "$table" |
        awk -v name="$name" '$3 == "slave" && $5 == name { found = 1 } END { exit !found }'; then
      s_successor=1
    fi
    # With everysec, the default, the last two seconds of it may not even be written.
    if grep -q '^appendonly yes' loaded && grep -q '^appendfsync always' loaded; then s_disk=1; fi
  fi
  s_judged=$(judge_silence)
  case $s_judged in
    leave*) return 0 ;;
    wait*)
      if [ -n "$s_patience" ]; then s_wait=$s_last; fi
      say "no answer for $2 s ($(how_it_is "$1"), pid $1): waiting, up to $s_wait s; ${s_judged#wait }"
      return 3
      ;;
    kill*)
      say "no answer for $2 s ($(how_it_is "$1"), pid $1): starting it anew; ${s_judged#kill }"
      return 1
      ;;
    *)
      refuse "no answer for $2 s ($(how_it_is "$1"), pid $1), and it is not killed: ${s_judged#refuse }. What it has in memory could be lost. Let it come back (a stopped one: kill -CONT $1; a script: wait, or SCRIPT KILL), or bring a replica and the sentinels back so that they can fail over, then run this again. If its files are to be taken as they are: kill -KILL $1"
      ;;
  esac
}

# The end of a process, and whether one that runs still answers. Needs process.sh, and not_repaired
# (update.sh).

# kill_process: one that waits for a disk that does not answer ends only when that does.
kill_process() {
  kill -KILL "$pid"
  kill_until=$(($(date +%s) + 30))
  while running; do
    [ "$(date +%s)" -lt $kill_until ] ||
      fail "${directory##*/} (pid $pid) was killed and has not ended within 30 s: the system holds it, as a disk does that no longer answers"
    sleep 0.05
  done
}

end_process() {
  hold
  running || return 0
  lifecycle close "$pid"
  end_left=$((stop_limit * 20))
  while running; do
    # Again each second: Redis refuses to end while it writes its first append-only file after a
    # synchronisation.
    [ $((end_left % 20)) -ne 0 ] || kill -TERM "$pid"
    end_left=$((end_left - 1))
    if [ $end_left -le 0 ]; then
      echo "${directory##*/} did not end within $stop_limit s: killing it"
      kill_process
      break
    fi
    sleep 0.05
  done
  rm -f pid
}

# answers: 0: the server that runs answers; 1: it is gone, or may be killed. One that must not be
# ends this step.
answers() {
  silent_since=$(date +%s) silent_said=
  until lifecycle alive; do
    # 2: it could not be asked, which says nothing of the server.
    [ $? -ne 2 ] || exit 1
    running || return 1
    silent_now=$(lifecycle silence "$pid" $(($(date +%s) - silent_since)))
    case $? in
      0) return 0 ;;
      1)
        echo "$silent_now"
        return 1
        ;;
      3)
        # Every ten seconds, so that one sees what is waited for.
        if [ $(($(date +%s) / 10)) != "$silent_said" ]; then echo "$silent_now"; fi
        silent_said=$(($(date +%s) / 10))
        ;;
      *) not_repaired ;;
    esac
    sleep 1
  done
}

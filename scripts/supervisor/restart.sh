# When a process that has ended by itself is started again.

# decide_restart: a function, without any asking, of now (when it ended, in s since 1970) and ends
# (when it did before, by itself), ran (s that it ran for), served (1: it had its data
# when it ended), status (2: it was not even
# started, as its role could not be decided, so that this is no end), down_after (of
# the sentinels, in ms) and delay (that of the last time, in s). Sets ends to those that still count,
# delay to how long to wait, and leave to 1 where whoever else has the data is to have its place:
# after three ends within down_after, or one before it had its data, the next one is to be expected,
# and each costs a resynchronisation of all.
decide_restart() {
  leave='' rs_recent=0 rs_ends=''
  rs_down=$(((${down_after:-0} + 999) / 1000))
  [ "$status.$served" = 2. ] || ends="$ends $now"
  for rs_end in $ends; do
    if [ $((now - rs_end)) -le $rs_down ]; then
      rs_recent=$((rs_recent + 1)) rs_ends="$rs_ends $rs_end"
    fi
  done
  ends=$rs_ends
  if [ "$status.$served" = 2. ]; then
    :
  elif [ -z "$served" ] || [ $rs_recent -ge 3 ]; then
    leave=1
  fi
  # One that never runs for long is started less and less often, twice a minute at last.
  if [ -n "$served" ] && { [ "$ran" -ge 30 ] || [ "$delay.$leave" = 0. ]; }; then
    delay=0
  elif [ "$delay" -lt 30 ]; then
    delay=$((delay * 2 + 1))
  fi
}

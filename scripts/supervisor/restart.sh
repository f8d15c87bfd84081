# When a process that has ended by itself is started again.

# decide_restart: a function, without any asking, of
#   now         when it ended, in s since 1970
# Sets ends to those that still count, delay to how long it is to wait, and leave to "crashing" or
# "slow" where another node that has the data is to have its place first. Crashing: three ends
# within down_after, or one before it had its data: the next one is to be expected, and each costs a
# resynchronisation of all. Slow: a failover, which takes some 2 s, is over before.
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
    leave=crashing
  elif [ "${loads_in:-0}" -gt 2 ]; then
    leave=slow
  fi
  # One that never runs for long is started less and less often, twice a minute at last.
  if [ -n "$served" ] && { [ "$ran" -ge 30 ] || [ "$delay.${leave#slow}" = 0. ]; }; then
    delay=0
  elif [ "$delay" -lt 30 ]; then
    delay=$((delay * 2 + 1))
  fi
}

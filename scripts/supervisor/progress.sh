# progress WORDS PID: 0 if what it says is further than ever in this attempt. A transfer or a load
# that begins anew is no progress; $anew counts those.
progress() {
  p_number=$(
    printf '%s\n' "$1" |
      sed -n -e 's/.*, \(-\{0,1\}[0-9][0-9]*\) bytes left$/\1/p' \
        -e 's/.*loading, \([0-9]*\)\(\.\([0-9]*\)\)\{0,1\} % of.*/\1/p' |
      head -n 1
  )
  case $1 in
    *' bytes left') p_phase=sync ;;
    *' % of the data') p_phase=load ;;
    *) p_phase='' p_number='' ;;
  esac
  if [ "${p_pid:=$2}" != "$2" ]; then
    anew=$((anew + 1)) p_pid=$2 p_best=''
  fi
  p_before=$p_last p_last=$p_phase
  [ -n "$p_phase" ] || return 1
  if [ "$p_phase" != "$p_before" ]; then
    # A load follows its transfer; a second transfer follows nothing that went well.
    if [ $p_phase = sync ] && [ -n "$p_synced" ]; then anew=$((anew + 1)); fi
    [ $p_phase != sync ] || p_synced=1
    p_best=$p_number
    [ -n "$p_number" ]
    return
  fi
  if [ -z "$p_number" ] || [ "$p_number" = "$p_best" ]; then return 1; fi
  if [ -z "$p_best" ]; then
    p_best=$p_number
    return 0
  fi
  if [ $p_phase = load ]; then
    if [ "$p_number" -lt "$p_best" ]; then
      anew=$((anew + 1)) p_best=$p_number
      return 1
    fi
  elif [ "$p_number" -gt "$p_best" ]; then
    # -1 and 0: not begun. Without a known size, what is left goes from there below zero.
    if [ "$p_best" -gt 0 ] || [ "$p_best" -lt -1 ]; then
      anew=$((anew + 1)) p_best=$p_number
      return 1
    elif [ "$p_number" -le 0 ]; then
      return 1
    fi
  fi
  p_best=$p_number
}

# Edits of files that are not ours.

# within SECONDS COMMAND...: the command with our standard input; 124 where it does not end in time.
within() {
  w_limit=$1 w_began=$(date +%s)
  shift
  if command -v timeout >/dev/null; then
    timeout "$w_limit" "$@"
    w_status=$?
  else
    exec 4<&0
    "$@" <&4 4<&- &
    w_command=$!
    (sleep "$w_limit" && kill "$w_command") >/dev/null 2>&1 3>&- 4<&- &
    w_clock=$!
    wait "$w_command"
    w_status=$?
    kill "$w_clock" 2>/dev/null
  fi
  # The status of what was ended, in busybox and without timeout(1).
  if [ "$w_status" -eq 143 ] && [ $(($(date +%s) - w_began)) -ge "$w_limit" ]; then w_status=124; fi
  return "$w_status"
}

# in_one_line: lines on standard input, not all of many, parted by a control character.
in_one_line() { cut -c 1-500 | head -n 40 | tr '\n' '\037'; }

# look_edit NAME SCRIPT SETTINGS KEPT SECONDS: asks the edit's script (supervisor/edits.sh has the
# contract) how things stand with these settings. Applied: "edited.NAME IDENTITY", that of what was
# applied (KEPT has its settings). Not, or no longer: nothing. "refused.NAME REASON", also where
# there is no answer. "warned.NAME WARNINGS". Lines parted by a control character; what others wrote
# comes without any.
look_edit() {
  said=$(
    {
      {
        printf '%s' "$3" | within "$5" sh -c "$2" sh check 2>&3
        printf '\nstatus %s\n' $?
      } | sed 's/^/out /'
    } 3>&1 | tr '\001-\011\013-\037\177' '?'
  )
  case $said in
    *"${newline}out status "*) status=${said##*"${newline}out status "} ;;
    *) status='' ;;
  esac
  status=${status%%[!0-9]*}
  # Where all is well nothing has to be asked of other programs any more.
  case $status in
    0 | 3) text='' ;;
    *)
      text=$(printf '%s\n' "$said" | sed '/^out status [0-9]*$/d; s/^out //; s/out $//; /^$/d' |
        in_one_line)
      ;;
  esac
  case $status in
    0 | 3)
      case $said in
        *'out warning: '*)
          warnings=$(printf '%s\n' "$said" | sed -n 's/^out warning: //p' | in_one_line)
          [ -z "$warnings" ] || echo "warned.$1 $warnings"
          ;;
      esac
      if [ "$status" = 0 ] && [ -s "$4" ]; then sed -n "s/^INSTANCE=/edited.$1 /p" "$4"; fi
      ;;
    1) echo "refused.$1 ${text:-the check gives no reason}" ;;
    124)
      echo "refused.$1 the check has not ended within $5 s: nobody can tell how things stand there"
      ;;
    *)
      echo "refused.$1 the check ended with status ${status:-unknown}, which is no answer: ${text:-it says nothing}"
      ;;
  esac
}

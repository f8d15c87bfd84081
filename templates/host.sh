#!/bin/sh
# What one machine without a service manager does for the stack: keeps processes running and remembers edits.
# Installed (install.sh), with the scripts it calls, in the stack's directory on that machine.
#
#   sh host.sh create|update DIRECTORY   settings on stdin: put them, start or change the process, wait until ready
#   sh host.sh start|stop DIRECTORY      the same process again, and its orderly end
#   sh host.sh kill DIRECTORY            its end as in a crash
#   sh host.sh supervise DIRECTORY       as a container's first process or a service: be the parent of the process, start
#                                        it whenever its directory says what to run; on TERM hand over, end it and end
#   sh host.sh delete DIRECTORY          stop it and remove the directory
#   sh host.sh apply SCRIPT EDIT         run an edit of a file that is not ours (settings on stdin)
#   sh host.sh remove SCRIPT EDIT        undo it, with the settings that it was applied with last
#   sh host.sh again SCRIPT              make all edits of that script again: somebody else may have written the files anew
#   sh host.sh uninstall                 undo whatever is still there, then remove the scripts
#
# What a process is, only its lifecycle script knows: exec, ready, alive, reload, handover, retry, orphan, place
# (lifecycle.sh).
# The settings are sh text: instance='…' (the identity to record), and put NAME CONTENT for each file.
# PARENT in the environment: the process is supervised, and this is the words for what supervises it.
set -u
umask 077
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd) || exit 1
action=${1:?action}
fail() { echo "$*" >&2; exit 1; }
lifecycle() { sh "$here/lifecycle.sh" "$1" "$directory"; }

# born PID: when it started, so that a later process with the same number is not taken for ours; nothing for one that
# has ended and only waits to be reaped (in a container without an init, for ever).
if [ -r /proc/self/stat ]; then
  born() { sed -n 's/.*) \([^ZX] .*\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
else
  born() { ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _; }
fi

running() {
  pid='' its_birth=
  [ -s pid ] || return 1
  read -r pid its_birth <"$directory/pid"
  [ -n "$its_birth" ] && [ "$(born "$pid")" = "$its_birth" ]
}

# A pid file that was lost does not make the process somebody else's.
adopt() {
  [ -z "$made" ] || return 1
  pid=$(lifecycle orphan 2>/dev/null)
  [ -n "$pid" ] && echo "$pid $(born "$pid")" >pid
}

# supervised: the process has a parent (a container's first process, a service), which is the one to start it.
supervised() {
  s_pid='' s_birth=
  [ -s "$directory.supervisor" ] || return 1
  read -r s_pid s_birth <"$directory.supervisor"
  [ -n "$s_birth" ] && [ "$(born "$s_pid")" = "$s_birth" ]
}

# Where there has to be a parent (PARENT in the environment says what that is), nobody else may start the process.
await_parent() {
  [ -n "${PARENT:-}" ] || return 0
  parent_left=150
  until supervised; do
    parent_left=$((parent_left - 1))
    [ $parent_left -gt 0 ] || fail "${directory##*/} cannot be started: $PARENT does not run"
    sleep 0.1
  done
}

# hold: the parent is to leave the process ended until start_process, or until the step that holds it has ended.
hold() { ! supervised || : >"$directory.held"; }

# One at a time: a step whose `pulumi up` was killed goes on for a while.
lock() {
  lock_left=600 lock_unowned=0 lock_mine="$$ $(born $$)" lock_parent=${directory%/*}
  until mkdir "$directory.lock" 2>/dev/null; do
    [ -d "$lock_parent" ] || fail "$lock_parent is no directory, or gone"
    if [ ! -d "$directory.lock" ] && ! { touch "$directory.lock.$$" && rm "$directory.lock.$$"; } 2>/dev/null; then fail "$lock_parent cannot be written"; fi
    if lock_is_stale && mkdir "$directory.lock/taken" 2>/dev/null; then
      # Somebody quicker may have taken it over before us, and not yet written who it is.
      [ -n "$lock_birth" ] || sleep 1
      if lock_is_stale; then rm -rf "$directory.lock"; else rmdir "$directory.lock/taken"; fi
      continue
    fi
    lock_left=$((lock_left - 1))
    [ $lock_left -gt 0 ] || fail "$directory: another step (pid $lock_pid) has been at work on it for 60 s; wait for it, or end it, then try again"
    sleep 0.1
  done
  trap 'undo_create; rm -rf "$directory.lock"' EXIT
  trap 'exit 1' HUP INT TERM
  echo "$lock_mine" >"$directory.lock/owner" || fail "$lock_parent cannot be written"
}

# The maker of a lock without an owner for a second was killed between two steps.
lock_is_stale() {
  lock_pid='' lock_birth=
  read -r lock_pid lock_birth 2>/dev/null <"$directory.lock/owner"
  if [ -n "$lock_birth" ]; then
    lock_unowned=0
    [ "$(born "$lock_pid")" != "$lock_birth" ]
  else
    lock_unowned=$((lock_unowned + 1))
    [ $lock_unowned -gt 10 ]
  fi
}

# What was never created is not in the stack's state: nobody would remove it later.
made=
undo_create() {
  [ -n "$made" ] || return 0
  end_process
  cd / && rm -rf "$directory"
}

put() {
  [ -e "$1" ] && [ "$(cat "$1"; echo .)" = "$2." ] && return
  if ! { printf '%s' "$2" >"$1.new" && mv "$1.new" "$1"; }; then
    rm -f "$1.new"
    fail "$directory/$1 cannot be written"
  fi
}

start_process() {
  touch log
  log_size=$(($(wc -c <log)))
  started=1
  if supervised; then
    # Its parent may be about to start it by itself: what it writes as the pid now stays.
    start_before=$(cat pid 2>/dev/null)
    [ "${FIRST_CREATION:-0}" = 0 ] || : >first
    : >"$directory.wanted"
    rm -f "$directory.held"
  else
    rm -f pid
    start_before=
    # A session of its own: neither the terminal's Ctrl-C nor the end of the engine may reach it.
    if command -v setsid >/dev/null 2>&1; then own_session=setsid; else own_session=; fi
    # An environment of its own, too: that of a `pulumi up` holds passphrases, and a server's can be read for years.
    # shellcheck disable=SC2086
    env -i PATH="$PATH" HOME="${HOME:-/}" ${TZ:+"TZ=$TZ"} FIRST_CREATION="${FIRST_CREATION:-0}" $own_session sh "$here/host.sh" exec "$directory" </dev/null >>log 2>&1 &
  fi
  start_left=100
  until running || { [ -s pid ] && [ "$(cat pid)" != "$start_before" ]; } || [ $start_left -eq 0 ]; do
    start_left=$((start_left - 1))
    sleep 0.05
  done
}

say_log() {
  if supervised; then echo "$1" >&2 && return; fi
  echo "$1. The last lines of $directory/log:" >&2
  tail -c "+$((log_size + 1))" log 2>/dev/null | tail -n 20 | sed 's/^/  | /' >&2
}

# wait_ready: while what it says changes (a load, a synchronisation), it gets more time.
wait_ready() {
  wait_until=$(($(date +%s) + ready_limit)) retry_until=$(($(date +%s) + 75)) said=
  while :; do
    now=$(lifecycle ready)
    status=$?
    # Looked at last: on a port that somebody else has, that one would be found ready.
    if ! running; then
      if [ -z "$started" ]; then
        # It was about to end when we found it: an earlier step, killed since, had told it to.
        start_process
        continue
      fi
      if [ "$(date +%s)" -lt $retry_until ] && lifecycle retry; then
        sleep 2
        start_process
        continue
      fi
      say_log "${directory##*/} ended before it was ready"
      return 1
    fi
    [ $status -ne 0 ] || break
    case $now in
      "$said") ;;
      *%* | *bytes*) wait_until=$(($(date +%s) + ready_limit)) ;;
    esac
    said=$now
    if [ $status -eq 2 ]; then
      say_log "${directory##*/} will not be ready. $now"
      return 1
    fi
    if [ "$(date +%s)" -ge $wait_until ]; then
      say_log "${directory##*/} is not ready after $ready_limit s: $now"
      return 1
    fi
    sleep 0.05
  done
  echo "$now"
}

end_process() {
  hold
  running || return 0
  end_left=$((stop_limit * 20))
  while running; do
    # Again each second: Redis refuses to end while it writes its first append-only file after a synchronisation.
    [ $((end_left % 20)) -ne 0 ] || kill -TERM "$pid"
    end_left=$((end_left - 1))
    [ $end_left -ne 0 ] || { echo "${directory##*/} did not end within $stop_limit s: killing it"; kill -KILL "$pid"; }
    sleep 0.05
  done
  rm -f pid
}

alive_within() {
  alive_until=$(($(date +%s) + $1))
  until lifecycle alive; do
    # 2: it could not be asked, which says nothing of the server.
    [ $? -ne 2 ] || exit 1
    # To the whole second: not sooner.
    if ! running || [ "$(date +%s)" -gt $alive_until ]; then return 1; fi
    sleep 1
  done
}

# enter: the process's directory and the limits in seconds that its parameters set.
enter() {
  cd "$directory" || exit 1
  ready_limit=60 stop_limit=60 log_size=0 started=
  # shellcheck source=/dev/null
  if [ -s parameters ]; then . ./parameters; fi
}

create_or_update() {
  await_parent
  if [ ! -d "$directory" ]; then
    hold
    mkdir -p "$directory" || fail "the directory $directory cannot be made"
    if [ "$action" = create ]; then made=1; fi
  fi
  enter
  instance=
  eval "$(cat)"
  enter
  if running || adopt; then
    if ! alive_within 15; then
      if running; then
        echo "${directory##*/} has not answered for 15 s: starting it anew"
        hold
        kill -KILL "$pid"
        end_process
      fi
      start_process
    elif ! lifecycle reload; then
      lifecycle handover || exit 1
      end_process
      start_process
    fi
  else
    if [ "$action" = create ]; then FIRST_CREATION=1 && export FIRST_CREATION; fi
    start_process
  fi
  wait_ready || exit 1
  put instance "$instance"
  rm -f first
  made=
}

delete() {
  [ -d "$directory" ] || return 0
  enter
  if running || adopt; then
    lifecycle handover || echo "${directory##*/} is removed all the same"
    end_process
  fi
  cd / && rm -rf "$directory" "$directory.held" "$directory.wanted"
}

held() { [ -e "$directory.held" ] && [ -d "$directory.lock" ] && ! lock_is_stale; }

# supervise: whatever happens to the process, this stays, so that it can be mended in the same container; where a role
# could not be decided at the start (all machines were off), it goes on asking until it can.
supervise() {
  echo "$$ $(born $$)" >"$directory.supervisor" || fail "${directory%/*} cannot be written"
  ending='' server='' quick=0 lock_unowned=0
  trap 'ending=1' HUP INT TERM
  while [ -z "$ending" ]; do
    if [ ! -s "$directory/parameters" ] || held; then
      sleep 0.1
      continue
    fi
    rm -f "$directory.held" "$directory.wanted"
    began=$(date +%s)
    if [ -e "$directory/first" ]; then FIRST_CREATION=1; else FIRST_CREATION=0; fi
    FIRST_CREATION=$FIRST_CREATION sh "$here/host.sh" exec "$directory" &
    server=$!
    sh "$here/lifecycle.sh" place "$directory" &
    placing=$!
    while kill -0 "$server" 2>/dev/null && [ -z "$ending" ]; do wait "$server"; done
    kill "$placing" 2>/dev/null
    [ -z "$ending" ] || break
    # One that never runs for long, unless a step ended it, is started less and less often, twice a minute at last.
    if [ -e "$directory.held" ] || [ $(($(date +%s) - began)) -ge 30 ]; then quick=0; elif [ $quick -lt 30 ]; then quick=$((quick * 2 + 1)); fi
    next_start=$(($(date +%s) + quick))
    until [ "$(date +%s)" -ge $next_start ] || held || [ -e "$directory.wanted" ] || [ -n "$ending" ]; do sleep 0.1; done
  done
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    lifecycle handover || echo "${directory##*/} ends all the same"
    # Again each second: Redis refuses to end while it writes its first append-only file after a synchronisation.
    while kill -TERM "$server" 2>/dev/null; do sleep 1; done &
    insisting=$!
    while kill -0 "$server" 2>/dev/null; do wait "$server"; done
    kill "$insisting" 2>/dev/null
  fi
  rm -f "$directory.supervisor"
}

edit() {
  kept="$here/edits/$2/$3"
  if [ "$1" = apply ]; then
    if ! { mkdir -p "${kept%/*}" && cat >"$kept.new"; }; then fail "$kept cannot be written"; fi
    if ! sh "$here/$2" check <"$kept.new"; then
      rm -f "$kept.new"
      exit 1
    fi
    # Another file is another edit: the one that was edited before has to be put back.
    if [ -e "$kept" ] && [ "$(grep '^FILE=' "$kept")" != "$(grep '^FILE=' "$kept.new")" ]; then sh "$here/$2" remove <"$kept" || exit 1; fi
    mv "$kept.new" "$kept" && sh "$here/$2" apply <"$kept"
  elif [ -e "$kept" ]; then
    sh "$here/$2" remove <"$kept" && rm "$kept"
  else
    # The directory was lost; the stack's state has the settings as well.
    sh "$here/$2" remove
  fi
}

again() {
  for kept in "$here/edits/$1"/*; do
    case $kept in *.new | *'*') continue ;; esac
    sh "$here/$1" apply <"$kept"
  done
}

uninstall() {
  for each in "$here"/*/parameters; do
    directory=${each%/parameters}
    [ ! -e "$each" ] || (lock && delete)
  done
  for each in "$here"/edits/*/*; do
    case $each in *.new | *'*') continue ;; esac
    script=${each%/*}
    edit remove "${script##*/}" "${each##*/}" || exit 1
  done
  base=${here%/*}
  rm -rf "$here"
  # Whoever is last removes the directories that installing made, and only those.
  if [ "$(ls -A "$base")" = made ] && mv "$base/made" "$base/made.$$" 2>/dev/null; then
    made=$(cat "$base/made.$$")
    rm "$base/made.$$"
    printf '%s\n' "$made" | while read -r each; do rmdir "$each" 2>/dev/null; done
  fi
  true
}

case $action in
  apply | remove) edit "$@" ;;
  again) again "$2" ;;
  uninstall) uninstall ;;
  *)
    directory=${2:?directory}
    case $action in
      exec)
        cd "$directory" && echo "$$ $(born $$)" >pid.new && mv pid.new pid && exec sh "$here/lifecycle.sh" exec "$directory"
        ;;
      create | update) lock && create_or_update ;;
      start)
        lock && enter
        running || adopt || start_process
        wait_ready
        ;;
      stop)
        lock && enter
        ! supervised || fail "${directory##*/} would be started again: stop its container or its service instead"
        if running || adopt; then lifecycle handover && end_process; fi
        ;;
      kill)
        enter
        running || fail "${directory##*/} does not run"
        kill -KILL "$pid"
        while running; do sleep 0.05; done
        ;;
      delete) [ ! -d "$directory" ] || { lock && delete; } ;;
      supervise) supervise ;;
      *) fail "unknown action $action" ;;
    esac
    ;;
esac

#!/bin/sh
# What one machine without a service manager does for the stack: keeps processes running and remembers edits.
# Installed (install.sh), with the scripts it calls, in the stack's directory on that machine.
#
#   sh host.sh create|update DIRECTORY [known]
#                                        settings on stdin: put them, start or change the process, wait until ready; known:
#                                        something of the same deployment was ready before, here or elsewhere
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
action=${1:?action} known=${3:-}
fail() { echo "$*" >&2; exit 1; }
lifecycle() { sh "$here/lifecycle.sh" "$1" "$directory"; }

# use lib/born.sh
# use lib/marks.sh
# use supervisor/process.sh
# use supervisor/lock.sh
# use supervisor/start.sh
# use supervisor/update.sh
# use supervisor/supervise.sh
# use supervisor/edits.sh

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

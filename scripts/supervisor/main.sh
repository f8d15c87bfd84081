#!/bin/sh
# What one machine without a service manager does for the stack: keeps processes running and
# remembers edits. Installed (install.sh), with the scripts it calls, in the stack's directory on
# that machine.
#
#   sh host.sh create|update DIRECTORY [SETTINGS [PARENT [known]]]
#                                        settings on stdin: put them, start or change the process,
#                                        wait until ready; known: something of the same deployment
#                                        was ready before, here or elsewhere
#   sh host.sh start|stop DIRECTORY      the same process again, and its orderly end
#   sh host.sh well DIRECTORY            0: it runs and would be started again, and its server answers
#                                        and has the settings that the stack has set; 3: it has
#                                        others (says which)
#   sh host.sh handover DIRECTORY [SETTINGS [NODE]]
#                                        if it is the master and somebody can take over: hand over;
#                                        to that NODE, or fail
#   sh host.sh retire DIRECTORY          of one that the program no longer has: who stays on stdin; hand
#                                        over if it is the master, and end it, to be started again
#                                        only by create or update
#   sh host.sh members                   retire whatever of the deployment is on this machine and is
#                                        not in the program (on stdin: who is, and where)
#   sh host.sh kill DIRECTORY            its end as in a crash of its machine: it stays away until it
#                                        is started
#   sh host.sh supervise DIRECTORY [SETTINGS [own]]
#                                        be the parent of the process, start it whenever its
#                                        directory says what to run; on TERM hand over, end it and
#                                        end. A container's first process, a service, or the process
#                                        that a step has started for that (own)
#   sh host.sh delete DIRECTORY          stop it and remove the directory
#   sh host.sh apply SCRIPT EDIT         run an edit of a file that is not ours (settings on stdin)
#   sh host.sh remove SCRIPT EDIT        undo it, with the settings that it was applied with last
#   sh host.sh again SCRIPT              make all edits of that script again: somebody else may have
#                                        written the files anew
#   sh host.sh uninstall                 undo whatever is still there, then remove the scripts
#   sh host.sh pause|resume|paused       on command: from now on create, update and apply are refused
#                                        here (the mark, a line, on stdin); they are not any more;
#                                        whether they are. Prints the mark
#
# What a process is, only its lifecycle script knows: exec, ready, alive, silence, trial, reload,
# resync, handover, retire, retry, orphan, place (lifecycle.sh).
# The settings are sh text: instance='…' (the identity to record), and put NAME CONTENT for each
# file. SETTINGS, a directory, may follow DIRECTORY everywhere: where somebody else, root, has put
# the settings, which are then not read from stdin, and keeps the identity. The server can't change
# what is in there. PARENT: who supervises the process is not for us to start, and these are
# the words for that.
set -u
umask 077
LC_ALL=C
export LC_ALL
newline='
'

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
here=$(cd "${here:-/}" && pwd) || exit 1
action=${1:?action}
fail() { echo "$*" >&2; exit 1; }
# lifecycle ACTION ARGUMENT...
lifecycle() { sh "$here/lifecycle.sh" "$1" "$directory" "$settings" "${2:-}" "${3:-}"; }

# use lib/born.sh
# use lib/space.sh
# use lib/marks.sh
# use supervisor/process.sh
# use supervisor/parent.sh
# use supervisor/lock.sh
# use supervisor/progress.sh
# use supervisor/uninterrupted.sh
# use supervisor/settings.sh
# use supervisor/start.sh
# use supervisor/end.sh
# use supervisor/update.sh
# use supervisor/restart.sh
# use supervisor/supervise.sh
# use supervisor/edits.sh
# use supervisor/retire.sh
# use supervisor/members.sh
# use lib/paused.sh
# use supervisor/pause.sh

case $action in
  apply) not_paused "$here" && edit "$@" ;;
  remove) edit "$@" ;;
  again) again "$2" ;;
  uninstall) uninstall ;;
  members) not_paused "$here" && members '' ;;
  pause | resume) "$action" ;;
  paused) paused_in "$here" || : ;;
  *)
    directory=${2:?directory} settings=${3:-$2} PARENT=${4:-} known=${5:-}
    # Whoever calls may have variables of the same names.
    case $action in exec | supervise) ;; *) unset FIRST_CREATION && only_files ;; esac
    case $action in
      exec)
        cd "$directory" && not_retired && echo "$$ $(born $$)" >pid.new && mv pid.new pid &&
          exec sh "$here/lifecycle.sh" exec "$directory" "$settings"
        ;;
      create | update) lock && not_paused "$here" && create_or_update ;;
      start)
        lock && enter
        not_retired
        if running || adopt; then have_parent; else start_process; fi
        wait_ready
        ;;
      stop)
        lock && enter
        ! supervised || [ "$s_own" = own ] ||
          fail "${directory##*/} would be started again: stop its container or its service instead"
        if running || adopt; then uninterrupted handover && end_process && release; else release; fi
        ;;
      well) enter && running && supervised && lifecycle unchanged ;;
      kill)
        enter
        running || fail "${directory##*/} does not run"
        release
        # What its parent may have started meanwhile, too.
        ! running || kill_process
        ;;
      handover)
        # Nothing after the directory: a step asks, before it replaces the container.
        [ $# -gt 2 ] || not_paused "$here"
        lock && enter && uninterrupted handover "${4:-}"
        ;;
      retire) [ ! -d "$directory" ] || { lock && not_paused "$here" && retire; } ;;
      delete) [ ! -d "$directory" ] || { lock && delete; } ;;
      supervise) supervise ;;
      *) fail "unknown action $action" ;;
    esac
    ;;
esac

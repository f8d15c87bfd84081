#!/bin/sh
# Sets keys of one stanza of a Zato server.conf or scheduler.conf, and puts them back.
#
#   sh kvdb.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input, never arguments: a password may be among them,
# and arguments (like the environment) are readable by others. For the same reason no message
# contains a value.
#   FILE    absolute path of the file
#   STANZA  name of the stanza, `kvdb` unless given; `broker` is that of scheduler.conf
#   ENVIRONMENT  in place of these two, the absolute directory of a Zato environment: the server.conf
#           of every server in there and, with SCHEDULERS, the scheduler.conf of every scheduler
#   STORE   absolute directory of the stack's own, for what is needed to put things back (0700)
#   OWNER   what to call this deployment where another one wants the same file; STORE unless given
#   VERSIONS  what is wanted in which version of Zato, in the form that versions.awk tells;
#           SCHEDULERS is the same for the scheduler.conf of an ENVIRONMENT
#   WANTED  lines `key=raw` (set exactly this), `key?=raw` (only where missing, empty, or ours
#           already) or `key!=raw` (only in place of what Zato makes where there is no password;
#           refused in place of anything else); raw is what stands after `=`, without surrounding
#           blanks or comment
#
# check   0: the file is as apply would leave it; 3: it is not; 1: it can't be, and why not. Lines
#         `warning: ...` on standard output are for the operator. Writes nothing
# apply   sets the keys; a key wanted in an earlier apply and no longer wanted gets its original
#         back
# remove  puts back what was there; a key that somebody changed since is left alone, with a note
#
# Exit status of apply and remove: 0 done, 1 refused or failed with the file untouched; 2 wrong
# call.
#
# One deployment at a time sets a stanza: which one, a small file beside server.conf says until
# remove. Ours is told by the id in STORE, so neither another name of the stack nor another name of
# the file makes it somebody else's.
#
# Sources of the rules:
# - A duplicate key or stanza stops Zato from starting: replace, never append.
# - rename(2) is atomic only within a directory, so the new file is prepared beside the old one.
# - The originals are stored before the file is replaced, with a mark until it has been; so an apply
#   that was killed at any point leaves enough to tell our values from the originals.

set -u
LC_ALL=C
export LC_ALL
umask 077
# A variable inherited from the environment would stay exported, and hand its value to every child.
unset FILE STANZA ENVIRONMENT STORE OWNER VERSIONS SCHEDULERS WANTED
FILE='' STANZA=kvdb ENVIRONMENT='' STORE='' OWNER='' VERSIONS='' SCHEDULERS='' WANTED=''
overriding=''
newline='
'

say() { printf '%s\n' "kvdb.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# use lib/born.sh
# use lib/file-edit.sh

# shellcheck disable=SC2016
program='
# use edits/kvdb/lines.awk
# use edits/kvdb/values.awk
# use edits/kvdb/input.awk
# use edits/kvdb/file.awk
# use edits/kvdb/versions.awk
# use edits/kvdb/zato.awk
# use edits/kvdb/plan.awk
# use edits/kvdb/output.awk
'

# Everything awk reads, from memory: so each run sees the same bytes, whatever happens to the file
# meanwhile.
feed() {
    cat <<END
$action
$FILE
$STANZA
$had_id
$id
$had_by
$ENVIRONMENT
$overriding
$VERSIONS
=
$WANTED
=
$stored
$content
END
}
run() { feed | awk -v emit="$1" "$program"; }

temporary_store=''
cleanup() {
    status=$?
    trap - EXIT
    [ -z "$temporary_store" ] || rm -f "$temporary_store"
    unstage
    unlock_beside
    exit "$status"
}
set_traps() {
    trap cleanup EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
set_traps

# --- parameters ---

action=${1-}
case $action in check | apply | remove) ;; *)
    say "usage: sh kvdb.sh check|apply|remove, parameters on standard input"
    exit 2
    ;;
esac
eval "$(cat)"
where=FILE
[ -z "$ENVIRONMENT" ] || where=ENVIRONMENT
for name in $where STORE; do
    eval "value=\$$name"
    # shellcheck disable=SC2154
    case $value in
    *"$newline"*) die "$name contains a newline; it must be an absolute path" ;;
    /*) ;;
    *) die "$name must be an absolute path" ;;
    esac
done
OWNER=$(printf '%s' "${OWNER:-$STORE}" | tr -cd '\040-\176' | head -c 200)
case $STANZA in '' | *"$newline"*) die "STANZA must be the name of a stanza, such as kvdb" ;; esac

# use edits/kvdb/store.sh
# use edits/kvdb/target.sh
# use edits/kvdb/owner.sh
# use edits/kvdb/edit.sh
# use edits/kvdb/actions.sh
# use edits/kvdb/environment.sh

if [ -n "$ENVIRONMENT" ]; then all_files; else one_file; fi

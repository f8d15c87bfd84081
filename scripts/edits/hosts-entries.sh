#!/bin/sh
# Keeps a block of lines in a hosts file, between two marker lines, and takes it out again.
#
#   sh hosts-entries.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input:
#   FILE     absolute path of the hosts file, /etc/hosts unless given
#   OWNER    whose block it is, such as pulumi-redis-ha/dev: letters, digits, . _ / -
#   ENTRIES  lines `address name...`
#
# check   reads and refuses as apply would, writes nothing
# apply   appends the block, or replaces it where it stands; does not write what is right already
# remove  takes it out; every other byte stays
#
# Exit status: 0 done, and of check: the block is as apply would leave it; 3 of check: it is not, or
# no longer; 1 refused or failed; 2 wrong call.
#
# Sources of the rules:
# - hosts(5): address, names, `#` to the end of the line; names compare without case; of two lines
#   for one name, some resolvers take the first, others both. So a name mapped elsewhere, wherever
#   that stands, would make ours void: refused.
# - A file without a final newline needs one before our block. The marker line says so, and remove
#   takes it away again; where another stack's block follows, it inherits the note, so the order in
#   which stacks leave does not matter.
# - /etc/hosts in a container is a bind mount, which rename(2) refuses with EBUSY: then the file is
#   overwritten and only afterwards cut to length, so that there is no moment at which it is empty.
# - The lock is beside the file, where only those can make it who may replace the file
#   (lib/file-edit.sh).

set -u
LC_ALL=C
export LC_ALL
umask 077
unset FILE OWNER ENTRIES
FILE=/etc/hosts OWNER='' ENTRIES=''
newline='
'

say() { printf '%s\n' "hosts-entries.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# use lib/born.sh
# use lib/file-edit.sh
# use lib/plain.sh

# shellcheck disable=SC2016
program='
# Input: OWNER, ENTRIES up to a line "=", the file with an "x" after its last byte.
# Output by emit: plan (for the shell) or file.

# use edits/hosts-entries/lines.awk
# use edits/hosts-entries/conflicts.awk
# use edits/hosts-entries/output.awk
'

feed() {
    cat <<END
$action
$OWNER
$ENTRIES
=
$content
END
}
run() { feed | awk -v emit="$1" "$program"; }

# use edits/hosts-entries/lock.sh

cleanup() {
    status=$?
    trap - EXIT
    unstage
    unlock_beside
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- parameters ---

action=${1-} elevated=${2-}
case $action in check | apply | remove) ;; *)
    say "usage: sh hosts-entries.sh check|apply|remove, parameters on standard input"
    exit 2
    ;;
esac
parameters=$(cat)
eval "$parameters"
case $FILE in
*"$newline"*) die "FILE contains a newline; it must be an absolute path" ;;
/*) ;;
*) die "FILE must be an absolute path" ;;
esac
case $OWNER in
'' | *[!A-Za-z0-9._/-]*) die "OWNER must consist of letters, digits and . _ / -" ;;
esac

# use edits/hosts-entries/target.sh
# use edits/hosts-entries/plan.sh
# use edits/hosts-entries/elevation.sh

plan
[ "$changed" = 0 ] || { elevation; [ "$bytes_in" -eq "$(size_of "$canonical")" ] || refuse_nul; }
if [ "$action" = check ]; then
    [ "$changed" = 0 ] || exit 3
    exit 0
fi
if [ -n "$elevate" ]; then
    # All of it, not only the writing: what root reads and locks is as much a matter of who owns
    # what.
    printf '%s\n' "$parameters" | sudo -n sh -c "$(cat "$0")" sh "$action" elevated
    exit $?
fi
# What a killed editor has left beside it goes away with the next one, be there something to change
# or not.
# shellcheck disable=SC2016
leftovers=$(
    acting sh -c 'ls -d "$1"/."$2".pulumi-redis-ha.* 2>/dev/null' sh "$directory" "${canonical##*/}"
)
if [ "$changed" = 1 ] || [ -n "$leftovers" ]; then
    acquire
    sweep_beside "$canonical"
    # What was read before may be out of date.
    plan
    [ "$bytes_in" -eq "$(size_of "$canonical")" ] || {
        refuse_nul
        die "$FILE: another program keeps writing it, or this shell cannot read it byte for byte; it is untouched"
    }
fi
if [ "$changed" = 0 ]; then
    echo "$FILE: unchanged"
    exit 0
fi

wanted=$(run file && printf x) || die "$FILE: awk failed"
[ "$(printf '%s' "${wanted%x}" | wc -c)" -eq "$bytes" ] || die "$FILE: awk failed; it is untouched"

# use edits/hosts-entries/write.sh

if [ "$action" = apply ]; then
    echo "$FILE: $count entries set"
else
    echo "$FILE: entries removed"
fi

# What an editor of a file that is not ours needs, so that root edits it safely in a directory of
# somebody else, and two editors at once never mix. Needs lib/born.sh and the program's `die
# MESSAGE`; messages name paths, never contents.
#
#   trusted DIRECTORY       whether nobody but root and us can put anything else in its place; else
#                           distrusted says why
#   act_in DIRECTORY        whose rights to use from here on: of root, those of the first other
#                           owner on the way there, so call it before anything there is looked at,
#                           links included. Sets directory_there, the path without links; dies where
#                           nobody's rights would do. Called again, it stays with the rights that it
#                           has
#   acting COMMAND...       runs it with those rights, within limits; nothing of root's environment
#                           goes with it
#   lock_beside FILE        waits until no other editor is at work on FILE; unlock_beside gives it
#                           free (call it on EXIT)
#   stage FILE              makes a copy beside FILE with its owner, mode and attributes: $staged
#   fill BYTES              standard input becomes its content
#   publish FILE            the staged copy takes FILE's place, in one step; unstage deletes it
#                           (call it on EXIT)
#   put_beside FILE OTHER   standard input becomes the whole of OTHER, a file of ours beside FILE
#                           that all may read
#   sweep_beside FILE       what killed editors left
#
# Why like this:
# - Who owns a directory can put a link in the place of any file in it, between any two of our
#   steps. So root does nothing there itself: with the owner's rights a link leads nowhere where the
#   owner could not get without us.
# - Where root owns the directory, everything on the way there has to be root's as well, or that is
#   a matter of renaming, or of a link that leads there.
# - The copy is made in a directory of mode 0700, which only its maker can change.
# - The lock is beside the file: whoever may replace the file may lock it, and nobody else. Each who
#   wants it makes a directory with a name of its own in it and then looks whether it is alone; what
#   is dead is removed by its name, so two who do it at once never remove a third. A holder on
#   another machine, or in another container, can't be looked up: that one is dead when its
#   directory is over a minute old; nobody holds a lock for longer.

myself=$(id -u)
actor='' become='' directory_there=''
run_limit=''
! command -v timeout >/dev/null || run_limit='timeout 30'

# shellcheck disable=SC2012
facts_of() { ls -ldn "$@" 2>/dev/null; }

beside() { printf '%s' "${1%/*}/.${1##*/}.pulumi-redis-ha"; }

# use lib/file-edit/trust.sh
# use lib/file-edit/rights.sh
# use lib/file-edit/lock.sh
# use lib/file-edit/copy.sh

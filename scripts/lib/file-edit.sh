# What an editor of a file that is not ours needs, so that root edits it safely in a directory of somebody else, and two
# editors at once never mix. Needs lib/born.sh and the program's `die MESSAGE`; messages name paths, never contents.
#
#   trusted DIRECTORY       whether nobody but root and us can put anything else in its place; else distrusted says why
#   act_in DIRECTORY        whose rights to use from here on: of root, those of the directory's owner. Sets directory_there,
#                           its path without links; dies where nobody's rights would do
#   acting COMMAND...       runs it with those rights, within limits; nothing of root's environment goes with it
#   lock_beside FILE        waits until no other editor is at work on FILE; unlock_beside gives it free (call it on EXIT)
#   stage FILE              makes a copy beside FILE with its owner, mode and attributes: $staged
#   fill BYTES              standard input becomes its content
#   publish FILE            the staged copy takes FILE's place, in one step; unstage deletes it (call it on EXIT)
#   sweep_beside FILE       what killed editors left
#
# Why like this:
# - Who owns a directory can put a link in the place of any file in it, between any two of our steps. So root does
#   nothing there itself: with the owner's rights a link leads nowhere where the owner could not get without us.
# - Where root owns the directory, everything above it has to be root's as well, or that is a matter of renaming.
# - The copy is made in a directory of mode 0700, which only its maker can change.
# - The lock is beside the file: whoever may replace the file may lock it, and nobody else. Each who wants it makes a
#   directory with a name of its own in it and then looks whether it is alone; what is dead is removed by its name, so
#   two who do it at once never remove a third. A holder on another machine, or in another container, can't be looked
#   up: that one is dead when its directory is over a minute old; nobody holds a lock for longer.

myself=$(id -u)
actor='' become='' directory_there=''
run_limit=''
! command -v timeout >/dev/null || run_limit='timeout 30'

# shellcheck disable=SC2012
facts_of() { ls -ldn "$@" 2>/dev/null; }

trusted() {
  distrusted=''
  trusted_list='' trusted_rest=$1
  while [ -n "$trusted_rest" ]; do
    trusted_list="$trusted_list$trusted_rest
"
    trusted_rest=${trusted_rest%/*}
  done
  trusted_lines=$(printf '%s/\n' "$trusted_list" | while IFS= read -r each; do [ -z "$each" ] || facts_of "$each"; done)
  while read -r mode _ uid _; do
    case $mode in
      d???????w[tT]*) ;;
      d????w???[tT]*) ;;
      d????w* | d???????w*) distrusted="others than its owner may write in a directory above it" ;;
      d*) ;;
      *) distrusted="its path changed meanwhile" ;;
    esac
    [ "$uid" = 0 ] || [ "$uid" = "$myself" ] || distrusted="the user with the number $uid owns a directory above it"
  done <<END
$trusted_lines
END
  [ -z "$distrusted" ]
}

act_in() {
  actor='' become=''
  directory_there=$(cd -P "$1" 2>/dev/null && pwd -P) || die "$1: cannot be entered"
  [ "$myself" = 0 ] || return 0
  # shellcheck disable=SC2012
  actor_name=$(ls -ld "$directory_there" | { read -r _ _ name _ && echo "$name"; })
  actor=$(facts_of "$directory_there" | { read -r _ _ uid _ && echo "$uid"; })
  case $actor in '' | *[!0-9]*) die "$1: its owner cannot be told" ;; esac
  if [ "$actor" = 0 ]; then
    trusted "$directory_there" || die "$1: root cannot edit there safely: $distrusted. Give the directory to whom the file belongs"
    return 0
  fi
  case $actor_name in
    *[!0-9]*)
      actor_gid=$(id -g "$actor_name") || die "$1: the group of its owner $actor_name is unknown"
      actor_groups=$(id -G "$actor_name" | tr ' ' ,)
      ;;
    *)
      # Nobody on this machine: the number alone, and the group of that number.
      actor_gid=$actor actor_groups=$actor actor_name=''
      ;;
  esac
  for become in setpriv chroot runuser su; do
    case $become in runuser | su) [ -n "$actor_name" ] || continue ;; esac
    ! acting true 2>/dev/null || return 0
  done
  die "$1: belongs to ${actor_name:-the user number $actor}, and root cannot act as that user without setpriv, chroot --userspec, runuser or su"
}

# A word of the shell, whatever is in it.
as_word() { printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

acting() {
  if [ -z "$become" ]; then
    "$@"
    return
  fi
  case $become in
    su | runuser) acting_words=$(for word in ${run_limit:+$run_limit} "$@"; do as_word "$word"; done) ;;
  esac
  # shellcheck disable=SC2086
  case $become in
    setpriv) env -i PATH="$PATH" LC_ALL=C setpriv --reuid="$actor" --regid="$actor_gid" --groups="$actor_groups" -- $run_limit "$@" ;;
    chroot) env -i PATH="$PATH" LC_ALL=C chroot --userspec="$actor:$actor_gid" --groups="$actor_groups" / $run_limit "$@" ;;
    runuser) env -i PATH="$PATH" LC_ALL=C runuser -u "$actor_name" -- sh -c "$acting_words" ;;
    su) env -i PATH="$PATH" LC_ALL=C su -s /bin/sh "$actor_name" -c "$acting_words" ;;
  esac
}

beside() { printf '%s' "${1%/*}/.${1##*/}.pulumi-redis-ha"; }

# --- the lock ---

nap() { sleep 0.1 2>/dev/null || sleep 1; }

lock_of_process='' locked=''
lock_beside() {
  lock=$(beside "$1").lock
  # Processes have their numbers in one name space only.
  space=$(readlink /proc/self/ns/pid 2>/dev/null | tr -cd 0-9)
  lock_of_process=$$.$(born $$ | tr -cd A-Za-z0-9).${space:-0}
  deadline=$(($(date +%s) + 120))
  while :; do
    if acting mkdir "$lock" 2>/dev/null; then
      # Those of the group may lock what they may replace.
      case $(facts_of "${1%/*}/.") in d????w*) acting chmod 775 "$lock" ;; *) acting chmod 755 "$lock" ;; esac
    fi
    if acting mkdir "$lock/$lock_of_process" 2>/dev/null; then
      locked=1
      others_at_work || return 0
      unlock_beside
    elif [ ! -d "$lock" ] && ! acting test -w "${1%/*}"; then
      die "$1: cannot be locked, as ${1%/*} cannot be written"
    else
      others_at_work || :
    fi
    [ "$(date +%s)" -lt "$deadline" ] || die "$1: another editor (process ${holder:-unknown}) has been at work on it for 2 minutes; if there is none, delete $lock and try again"
    nap
  done
}

unlock_beside() {
  [ -n "$locked" ] || return 0
  locked=''
  acting rmdir "$lock/$lock_of_process" 2>/dev/null
  acting rmdir "$lock" 2>/dev/null || :
}

# Removes the dead; holder is one that is alive.
others_at_work() {
  holder=''
  for each in "$lock"/*; do
    name=${each##*/}
    case $name in "$lock_of_process" | '*' | *[!A-Za-z0-9.]*) continue ;; esac
    pid=${name%%.*} left=${name#*.}
    if [ "${left##*.}" = "${space:-0}" ]; then
      # Of a process that we may not look at, only its being there can be told.
      birth=$(born "$pid" | tr -cd A-Za-z0-9)
      if [ "$birth" = "${left%.*}" ]; then
        holder=$pid
        continue
      fi
      if [ -z "$birth" ]; then case $(LC_ALL=C kill -0 "$pid" 2>&1) in *ermitted*) holder=$pid && continue ;; esac; fi
    elif [ -z "$(find "$each" -prune -mmin +1 2>/dev/null)" ] && [ -d "$each" ]; then
      holder=$pid
      continue
    fi
    acting rmdir "$each" 2>/dev/null || :
  done
  [ -n "$holder" ]
}

# --- the copy ---

staging='' staged=''
stage() {
  staging=$(beside "$1").$$
  acting mkdir -m 700 "$staging" 2>/dev/null || { staging=''; return 1; }
  staged=$staging/new
  # -a keeps extended attributes and the SELinux context where cp knows how.
  acting cp -a "$1" "$staged" 2>/dev/null || acting cp -p "$1" "$staged" 2>/dev/null
}

# A full disk shows in the size only: not every program tells.
fill() {
  # shellcheck disable=SC2016
  acting sh -c 'cat >"$1"' sh "$staged" 2>/dev/null || return 1
  [ "$(acting wc -c "$staged" 2>/dev/null | { read -r size _ && echo "$size"; })" = "$1" ] || return 1
  acting sync "$staged" 2>/dev/null || :
}

same_owner() {
  [ "$(facts_of "$1" | { read -r mode _ uid gid _ && echo "$mode $uid $gid"; })" = "$(facts_of "$2" | { read -r mode _ uid gid _ && echo "$mode $uid $gid"; })" ]
}

publish() {
  acting mv -f "$staged" "$1" || return 1
  unstage
  acting sync "${1%/*}" 2>/dev/null || :
}

unstage() {
  [ -n "$staging" ] || return 0
  acting rm -f "$staging/new" 2>/dev/null
  acting rmdir "$staging" 2>/dev/null
  staging=''
}

sweep_beside() {
  for each in "$(beside "$1")".*; do
    case ${each##*.} in *[!0-9]* | '') continue ;; esac
    if [ "${each##*.}" = $$ ] || [ -n "$(born "${each##*.}")" ]; then continue; fi
    if [ -d "$each" ] && [ ! -L "$each" ]; then
      acting rm -f "$each/new" 2>/dev/null
      acting rmdir "$each" 2>/dev/null || :
    else
      acting rm -f "$each" 2>/dev/null
    fi
  done
}

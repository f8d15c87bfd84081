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
#   another machine, or in another container, can't be looked
#   up: that one is dead when its directory is over a minute old; nobody holds a lock for longer.

myself=$(id -u)
actor='' become='' directory_there=''
run_limit=''
! command -v timeout >/dev/null || run_limit='timeout 30'

# shellcheck disable=SC2012
facts_of() { ls -ldn "$@" 2>/dev/null; }

# Of the path as it is written and as it is without links: both lead there.
trusted() {
  distrusted=''
  ! plainly_ours "$1" || return 0
  for trusted_path in "$1" "$(cd -P "$1" 2>/dev/null && pwd -P)"; do
    while :; do
      why_not "$trusted_path" || [ "$distrusted" = sticky ] || return 1
      [ -n "$trusted_path" ] || break
      trusted_path=${trusted_path%/*}
    done
  done
  distrusted=''
}

# Why others could put something else into DIRECTORY, in distrusted, and whose it is, in owning;
# `sticky`: their own only.
why_not() {
  distrusted=''
  owning=$(facts_of "$1/." | { read -r mode _ uid _ && echo "$mode $uid"; })
  case $owning in
    d????w???[tT]* | d???????w[tT]*) distrusted=sticky ;;
    d????w* | d???????w*) distrusted="others than its owner may write in ${1:-/}" ;;
    d*) ;;
    *) distrusted="${1:-/} is no directory" ;;
  esac
  owning=${owning##* }
  [ "$owning" = 0 ] || [ "$owning" = "$myself" ] ||
    distrusted="the user with the number $owning owns ${1:-/}"
  [ -z "$distrusted" ]
}

# Whether all of the way is root's alone, and has no links: the usual case, in one look.
plainly_ours() {
  plain_path=$1
  [ "$(cd -P "$1" 2>/dev/null && pwd -P)" = "$1" ] || return 1
  plain_last=$1/.
  set -- /.
  while [ -n "$plain_path" ]; do
    set -- "$@" "$plain_path/."
    plain_path=${plain_path%/*}
  done
  plain_lines=$(facts_of "$@") || return 1
  while read -r mode _ uid _ _ _ _ _ name; do
    [ "$uid" = 0 ] || return 1
    case $mode in
      d????w???[tT]* | d???????w[tT]*) [ "$name" != "$plain_last" ] || return 1 ;;
      d????w* | d???????w*) return 1 ;;
    esac
  done <<END
$plain_lines
END
}

# Goes the way from / by foot: the first directory on it that is not root's alone says whose rights
# are enough from there on.
act_in() {
  if [ "$myself" = 0 ] && [ -z "$become" ] && plainly_ours "$1"; then
    actor=0 directory_there=$1
    return 0
  fi
  walk_at='' walk_rest=$1 walk_links=0
  while [ "$myself" = 0 ] && [ -z "$become" ]; do
    if ! why_not "$walk_at"; then
      if [ "$owning" != 0 ]; then
        become_user "$owning" "${walk_at:-/}"
        break
      fi
      [ "$distrusted" = sticky ] ||
        die "$1: root cannot edit there safely, as $distrusted. Give the directory to whom the file belongs"
    fi
    walk_rest=${walk_rest#"${walk_rest%%[!/]*}"}
    if [ -z "$walk_rest" ]; then
      [ -z "$distrusted" ] || die "$1: root cannot edit there safely, as anybody may write there"
      actor=0
      directory_there=${walk_at:-/}
      return 0
    fi
    walk_name=${walk_rest%%/*}
    walk_rest=${walk_rest#"$walk_name"}
    case $walk_name in
      .) continue ;;
      ..)
        walk_at=${walk_at%/*}
        continue
        ;;
    esac
    if [ -n "$distrusted" ]; then
      owning=$(facts_of "$walk_at/$walk_name" | { read -r _ _ uid _ && echo "$uid"; })
      if [ "${owning:-0}" != 0 ]; then
        become_user "$owning" "$walk_at/$walk_name"
        walk_rest=/$walk_name$walk_rest
        break
      fi
    fi
    if [ -L "$walk_at/$walk_name" ]; then
      walk_links=$((walk_links + 1))
      [ $walk_links -le 40 ] || die "$1: too many levels of symbolic links"
      walk_link=$(readlink "$walk_at/$walk_name")
      walk_rest=$walk_link$walk_rest
      case $walk_link in /*) walk_at='' ;; esac
    else
      walk_at=$walk_at/$walk_name
    fi
  done
  if [ "$walk_at" ]; then walk_rest=$walk_at/$walk_rest; fi
  # shellcheck disable=SC2016
  directory_there=$(acting sh -c 'cd -P "$1" 2>/dev/null && pwd -P' sh "$walk_rest") ||
    die "$1: cannot be entered${become:+ by its owner}"
}

# become_user NUMBER PATH: PATH is theirs.
become_user() {
  actor=$1
  case $actor in '' | *[!0-9]*) die "$2: whose it is cannot be told" ;; esac
  # shellcheck disable=SC2012
  actor_name=$(ls -ld "$2/." | { read -r _ _ name _ && echo "$name"; })
  case $actor_name in
    *[!0-9]*)
      actor_gid=$(id -g "$actor_name") || die "$2: the group of its owner $actor_name is unknown"
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
  die "$2: belongs to ${actor_name:-the user number $actor}, and root cannot act as that user without setpriv, chroot --userspec, runuser or su"
}

# A word of the shell, whatever is in it.
as_word() { printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

acting() {
  if [ -z "$become" ]; then
    "$@"
    return
  fi
  case $become in
    su | runuser)
      acting_words=$(for word in ${run_limit:+$run_limit} "$@"; do as_word "$word"; done)
      ;;
  esac
  # shellcheck disable=SC2086
  case $become in
    setpriv)
      env -i PATH="$PATH" LC_ALL=C setpriv --reuid="$actor" --regid="$actor_gid" \
        --groups="$actor_groups" -- $run_limit "$@"
      ;;
    chroot)
      env -i PATH="$PATH" LC_ALL=C chroot --userspec="$actor:$actor_gid" --groups="$actor_groups" \
        / $run_limit "$@"
      ;;
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
      case $(facts_of "${1%/*}/.") in
        d????w*) acting chmod 775 "$lock" ;;
        *) acting chmod 755 "$lock" ;;
      esac
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
    [ "$(date +%s)" -lt "$deadline" ] ||
      die "$1: another editor (process ${holder:-unknown}) has been at work on it for 2 minutes; if there is none, delete $lock and try again"
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
      if [ -z "$birth" ]; then
        case $(LC_ALL=C kill -0 "$pid" 2>&1) in *ermitted*) holder=$pid && continue ;; esac
      fi
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
make_staging() {
  [ -z "$staging" ] || return 0
  staging=$(beside "$1").$$
  staged=$staging/new
  acting mkdir -m 700 "$staging" 2>/dev/null || { staging=''; return 1; }
}

stage() {
  make_staging "$1" || return 1
  # -a keeps extended attributes and the SELinux context where cp knows how.
  acting cp -a "$1" "$staged" 2>/dev/null || acting cp -p "$1" "$staged" 2>/dev/null
}

# A full disk shows in the size only: not every program tells.
fill() {
  # shellcheck disable=SC2016
  acting sh -c 'cat >"$1"' sh "$staged" 2>/dev/null || return 1
  [ "$(acting wc -c "$staged" 2>/dev/null | { read -r size _ && echo "$size"; })" = "$1" ] ||
    return 1
  acting sync "$staged" 2>/dev/null || :
}

same_owner() {
  [ "$(facts_of "$1" | { read -r mode _ uid gid _ && echo "$mode $uid $gid"; })" = \
    "$(facts_of "$2" | { read -r mode _ uid gid _ && echo "$mode $uid $gid"; })" ]
}

publish() {
  acting mv -f "$staged" "$1" || return 1
  acting sync "${1%/*}" 2>/dev/null || :
}

put_beside() {
  make_staging "$1" || return 1
  # shellcheck disable=SC2016
  acting sh -c 'umask 022; cat >"$1"' sh "$staging/other" 2>/dev/null || return 1
  acting mv -f "$staging/other" "$2"
}

unstage() {
  [ -n "$staging" ] || return 0
  acting rm -f "$staging/new" "$staging/other" 2>/dev/null
  acting rmdir "$staging" 2>/dev/null
  staging=''
}

sweep_beside() {
  for each in "$(beside "$1")".*; do
    case ${each##*.} in *[!0-9]* | '') continue ;; esac
    if [ "${each##*.}" = $$ ] || [ -n "$(born "${each##*.}")" ]; then continue; fi
    if [ -d "$each" ] && [ ! -L "$each" ]; then
      acting rm -f "$each/new" "$each/other" 2>/dev/null
      acting rmdir "$each" 2>/dev/null || :
    else
      acting rm -f "$each" 2>/dev/null
    fi
  done
}

# Whose rights are enough for a directory, and how something is run with them. Needs trust.sh.

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

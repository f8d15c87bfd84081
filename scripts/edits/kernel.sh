#!/bin/sh
# Kernel settings that Redis warns about at its start; needs root.
#
#   sh kernel.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input:
#   STORE   directory that keeps what the values were before
#   OWNER   in the names of the files that set them again after a reboot
#   WANTED  of these, a line each:
#           overcommit  vm.overcommit_memory 1: without it a fork for a snapshot fails when memory
#                       is short
#           hugepages   transparent huge pages madvise: always makes such a fork copy far more, and
#                       slowly
#           somaxconn   net.core.somaxconn at least 511, the server's own backlog
#
# Exit status: 0 done, and of check: all is as apply would leave it; 3 of check: it is not, or no
# longer; 1 refused or failed.
#
# What a container or a hardened kernel does not let anybody change is said, and left. remove puts
# the values back.
set -u
umask 022
LC_ALL=C
export LC_ALL
unset STORE OWNER WANTED
STORE='' OWNER='' WANTED=''
newline='
'
eval "$(cat)"
: "${STORE:?}" "${OWNER:?}"
sysctls=/etc/sysctl.d/60-$OWNER.conf tmpfiles=/etc/tmpfiles.d/60-$OWNER.conf
known='overcommit hugepages somaxconn'

file_of() {
  case $1 in
    overcommit) echo /proc/sys/vm/overcommit_memory ;;
    hugepages) echo /sys/kernel/mm/transparent_hugepage/enabled ;;
    somaxconn) echo /proc/sys/net/core/somaxconn ;;
  esac
}
# Not by read: a shell reads byte by byte, and of a kernel setting there is only the first then.
now() { sed 's/.*\[\(.*\)\].*/\1/' "$1"; }
wanted_of() {
  case $1 in overcommit) echo 1 ;; hugepages) echo madvise ;; somaxconn) echo 511 ;; esac
}
good() {
  case $1 in
    overcommit) [ "$2" = 1 ] ;;
    hugepages) [ "$2" != always ] ;;
    somaxconn) [ "$2" -ge 511 ] ;;
  esac
}
is_wanted() { case "$newline$WANTED$newline" in *"$newline$1$newline"*) ;; *) return 1 ;; esac; }
# Where nobody can change it, what the values are is not for the next look to complain of.
is_fixed() { [ -e "$STORE/$1.fixed" ]; }

set_one() {
  file=$(file_of "$1")
  [ -r "$file" ] || return 0
  was=$(now "$file") value=$(wanted_of "$1")
  if good "$1" "$was"; then
    rm -f "$STORE/$1.fixed"
    return
  fi
  mkdir -p "$STORE" || exit 1
  # First, or what it was would be lost with a step that is killed.
  ours=
  [ -e "$STORE/$1" ] ||
    { echo "$was" >"$STORE/$1.new" && mv "$STORE/$1.new" "$STORE/$1" && ours=1; } || exit 1
  if ! { echo "$value" >"$file"; } 2>/dev/null || ! good "$1" "$(now "$file")"; then
    [ -z "$ours" ] || rm -f "$STORE/$1"
    : >"$STORE/$1.fixed"
    echo "$file cannot be changed here; it stays at $was"
    return
  fi
  rm -f "$STORE/$1.fixed"
  echo "$file was $was, is $value"
}

put_back() {
  rm -f "$STORE/$1.fixed"
  [ -e "$STORE/$1" ] || return 0
  file=$(file_of "$1") was=$(cat "$STORE/$1")
  # Somebody who has set it to something else since then meant that.
  if [ "$(now "$file")" = "$(wanted_of "$1")" ]; then
    if ! { echo "$was" >"$file"; } 2>/dev/null || [ "$(now "$file")" != "$was" ]; then
      echo "$file cannot be set to $was again" >&2
      return 1
    fi
    echo "$file is $was again"
  fi
  rm -f "$STORE/$1"
}

# What sets after a reboot what was set here; nothing where nothing was.
text_of_sysctls() {
  for each in overcommit somaxconn; do
    [ ! -e "$STORE/$each" ] ||
      echo "$(file_of $each | sed 's|/proc/sys/||; s|/|.|g') = $(wanted_of $each)"
  done
}
text_of_tmpfiles() {
  [ ! -e "$STORE/hugepages" ] || echo "w $(file_of hugepages) - - - - $(wanted_of hugepages)"
}
# is_kept FILE TEXT, keep FILE TEXT
is_kept() {
  [ -d "${1%/*}" ] || return 0
  if [ -n "$2" ]; then [ "$(cat "$1" 2>/dev/null)" = "$2" ]; else [ ! -e "$1" ]; fi
}
keep() {
  is_kept "$@" && return
  if [ -n "$2" ]; then printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; else rm -f "$1"; fi
}
persist() { keep "$sysctls" "$(text_of_sysctls)" && keep "$tmpfiles" "$(text_of_tmpfiles)"; }

is_applied() {
  for each in $known; do
    file=$(file_of "$each")
    if ! is_wanted "$each"; then
      [ ! -e "$STORE/$each" ] || return 1
    elif [ -r "$file" ] && ! good "$each" "$(now "$file")"; then
      is_fixed "$each" || return 1
    fi
  done
  is_kept "$sysctls" "$(text_of_sysctls)" && is_kept "$tmpfiles" "$(text_of_tmpfiles)"
}

action=${1:?action}
case $action in check | apply) for each in $WANTED; do
  case " $known " in
    *" $each "*) ;;
    *) echo "there is no kernel setting $each: known are $known" >&2 && exit 1 ;;
  esac
done ;; esac
case $action in
  check) is_applied || exit 3 ;;
  apply)
    for each in $known; do
      if is_wanted "$each"; then set_one "$each"; else put_back "$each" || exit 1; fi
    done
    persist || { echo "${sysctls%/*} or ${tmpfiles%/*} cannot be written" >&2 && exit 1; }
    ;;
  remove)
    failed=
    for each in $known; do put_back "$each" || failed=1; done
    rm -f "$sysctls" "$tmpfiles" "$sysctls.new" "$tmpfiles.new"
    [ -z "$failed" ] || exit 1
    rm -rf "$STORE"
    ;;
  *) echo "unknown action $action" >&2 && exit 2 ;;
esac

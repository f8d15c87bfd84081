#!/bin/sh
# Kernel settings that Redis warns about at its start; needs root.
#
#   sh kernel.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input:
#   STORE   directory that keeps what the values were before
#   OWNER   in the names of the files that set them again after a reboot
#   WANTED  of these, a line each:
#           overcommit  vm.overcommit_memory 1: without it a fork for a snapshot fails when memory is short
#           hugepages   transparent huge pages madvise: always makes such a fork copy far more, and slowly
#           somaxconn   net.core.somaxconn at least 511, the server's own backlog
#
# What a container or a hardened kernel does not let anybody change is said, and left. remove puts the values back.
set -u
umask 022
LC_ALL=C
export LC_ALL
STORE='' OWNER='' WANTED=''
eval "$(cat)"
: "${STORE:?}" "${OWNER:?}"
sysctls=/etc/sysctl.d/60-$OWNER.conf tmpfiles=/etc/tmpfiles.d/60-$OWNER.conf

file_of() {
  case $1 in
    overcommit) echo /proc/sys/vm/overcommit_memory ;;
    hugepages) echo /sys/kernel/mm/transparent_hugepage/enabled ;;
    somaxconn) echo /proc/sys/net/core/somaxconn ;;
    *) echo "unknown kernel setting $1" >&2 && return 1 ;;
  esac
}
now() { sed 's/.*\[\(.*\)\].*/\1/' "$1"; }
wanted_of() { case $1 in overcommit) echo 1 ;; hugepages) echo madvise ;; somaxconn) echo 511 ;; esac; }
good() {
  case $1 in
    overcommit) [ "$2" = 1 ] ;;
    hugepages) [ "$2" != always ] ;;
    somaxconn) [ "$2" -ge 511 ] ;;
  esac
}

set_one() {
  file=$(file_of "$1") || exit 1
  [ -r "$file" ] || return 0
  was=$(now "$file") value=$(wanted_of "$1")
  good "$1" "$was" && return
  if ! { echo "$value" >"$file"; } 2>/dev/null || ! good "$1" "$(now "$file")"; then
    echo "$file cannot be changed here; it stays at $was"
    return
  fi
  mkdir -p "$STORE" && { [ -e "$STORE/$1" ] || echo "$was" >"$STORE/$1"; }
  echo "$file was $was, is $value"
}

persist() {
  for each in overcommit somaxconn; do
    [ ! -e "$STORE/$each" ] || echo "$(file_of $each | sed 's|/proc/sys/||; s|/|.|g') = $(wanted_of $each)"
  done >"$STORE/sysctls"
  [ ! -s "$STORE/sysctls" ] || [ ! -d /etc/sysctl.d ] || cp "$STORE/sysctls" "$sysctls"
  [ ! -e "$STORE/hugepages" ] || [ ! -d /etc/tmpfiles.d ] || echo "w $(file_of hugepages) - - - - $(wanted_of hugepages)" >"$tmpfiles"
}

put_back() {
  [ -e "$STORE/$1" ] || return 0
  file=$(file_of "$1") was=$(cat "$STORE/$1")
  # Somebody who has set it to something else since then meant that.
  if good "$1" "$(now "$file")"; then echo "$was" >"$file" && echo "$file is $was again"; fi
  rm -f "$STORE/$1"
}

case ${1:?action} in
  check) for each in $WANTED; do file_of "$each" >/dev/null || exit 1; done ;;
  apply)
    for each in overcommit hugepages somaxconn; do
      case " $(echo "$WANTED" | tr '\n' ' ') " in *" $each "*) set_one "$each" ;; *) put_back "$each" ;; esac
    done
    [ ! -d "$STORE" ] || persist
    ;;
  remove)
    for each in overcommit hugepages somaxconn; do put_back "$each"; done
    rm -f "$sysctls" "$tmpfiles"
    rm -rf "$STORE"
    ;;
  *) echo "unknown action $1" >&2 && exit 2 ;;
esac

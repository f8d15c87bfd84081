# born PID: when it started, so that a later process with the same number is not taken for ours;
# nothing for one that has ended and only waits to be reaped (in a container without an init, for
# ever).
if [ -r /proc/self/stat ]; then
  # By the shell alone: every look and every step asks it, some of them again and again.
  born() {
    { read -r b_stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    # The name of a program may have spaces and brackets.
    b_stat=${b_stat##*') '}
    case $b_stat in [ZX]*) return 0 ;; esac
    # shellcheck disable=SC2086
    set -- $b_stat
    echo "${20}"
  }
else
  born() { ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _; }
fi

# outlived "PID BIRTH": it has ended, who was to end us.
outlived() { [ -n "$1" ] && [ "$(born "${1% *}")" != "${1#* }" ]; }

# born PID: when it started, so that a later process with the same number is not taken for ours;
# nothing for one that has ended and only waits to be reaped (in a container without an init, for
# ever).
if [ -r /proc/self/stat ]; then
  born() { sed -n 's/.*) \([^ZX] .*\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
else
  born() { ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _; }
fi

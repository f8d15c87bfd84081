# Redis of a file that was put on the machine. Needs lib/marks.sh, and the log of packages.sh.

# from_tarball: nothing is put in place that would not run.
from_tarball() {
  unpacked=$(mktemp -d) || exit 1
  trap 'rm -rf "$log" "$unpacked"' EXIT
  tar -xf "$tarball" -C "$unpacked" >"$log" 2>&1 ||
    fail "ssh.redisTarball cannot be unpacked: $(tail -n 3 "$log" | cut -c 1-300)"
  for each in server cli; do
    found=$(find "$unpacked" -type f \( -name redis-$each -o -name valkey-$each \) | head -n 1)
    [ -n "$found" ] ||
      fail "ssh.redisTarball holds neither redis-$each nor valkey-$each, but: $(
        cd "$unpacked" && find . -type f | head -n 10 | cut -c 3-100 | tr '\n' ' '
      )"
    chmod 755 "$found"
    # On some machines nothing at all runs in /tmp.
    "$found" --version >"$log" 2>&1 </dev/null || grep -q 'Permission denied' "$log" ||
      fail "ssh.redisTarball: its ${found##*/} does not run on this machine: $(
        tail -n 3 "$log" | cut -c 1-300
      )"
  done
  # As install.sh does: whoever is uninstalled last removes the directories that were not there
  # before.
  place=${bin%/redis/bin} base=${bin%/*/redis/bin} made=
  [ -d "$place" ] || place_mark="$mark
made"
  missing=$base
  until [ -d "$missing" ]; do
    made="$made$missing
"
    missing=$(dirname "$missing")
  done
  [ -n "$(content_of "$place")" ] || : "${place_mark:=$mark}"
  mkdir -p "$bin" || fail "$bin cannot be made"
  [ -z "${place_mark:-}" ] || put_mark "$place" "$place_mark" || fail "$place cannot be written"
  [ -z "$made" ] || printf '%s' "$made" >>"$base/made"
  for program in redis-server redis-cli valkey-server valkey-cli; do
    found=$(find "$unpacked" -type f -name "$program" | head -n 1)
    [ -z "$found" ] || {
      cp "$found" "$bin/.$program" && chmod 755 "$bin/.$program" &&
        mv "$bin/.$program" "$bin/$program"
    } || exit 1
  done
  rm -rf "$unpacked" "$tarball"
}

# writable DIRECTORY: fails with the system's own words (No space left on device, Read-only file
# system) where nothing can be written. A file can be made where there is no room for what is to be
# in it.
writable() {
  w_file=$1/.space.$$
  w_said=$(
    { dd if=/dev/zero of="$w_file" bs=4096 count=4; } 2>&1 |
      sed -n -e 's/^dd: *//' \
        -e '/[Nn]o space\|[Rr]ead-only\|[Pp]ermission denied\|[Qq]uota/{s|.*: ||;p;q;}'
  )
  rm -f "$w_file"
  [ -z "$w_said" ] || { echo "$w_said" && return 1; }
}

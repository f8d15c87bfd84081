# The user that the servers run as. Needs shared.sh (join, note, leave), and user=.

# free_id: a number that no user, no group and no process has. Those of containers (999, in Redis'
# own images) are users here as well: they would own the files of ours.
free_id() {
  {
    awk -F : '{ print $3 }' /etc/passwd /etc/group
    cat /proc/[0-9]*/status 2>/dev/null | awk '/^[UG]id:/ { for (i = 2; i <= NF; i++) print $i }'
  } | awk '{ taken[$1] = 1 } END { for (id = 899; id > 500 && id in taken; id--); print id }'
}

add_user() {
  join "user-$user"
  id "$user" >/dev/null 2>&1 && return
  note "user-$user" "$user"
  shell=$(command -v nologin || echo /bin/false) free_id=$(free_id)
  if command -v useradd >/dev/null; then
    useradd --system --user-group --uid "$free_id" --home-dir "$here" --no-create-home \
      --shell "$shell" "$user"
  else
    addgroup -S -g "$free_id" "$user" &&
      adduser -S -D -H -h "$here" -s "$shell" -u "$free_id" -G "$user" "$user"
  fi || fail "the user $user cannot be made"
}

# What has just been told to end may need a moment.
remove_user() {
  leave "user-$user" || return 0
  user_left=50
  while id "$user" >/dev/null 2>&1; do
    if command -v userdel >/dev/null; then
      said=$(userdel "$user" 2>&1)
    else
      said=$(deluser "$user" 2>&1)
    fi && break
    user_left=$((user_left - 1))
    [ $user_left -gt 0 ] || {
      join "user-$user" && note "user-$user" "$user"
      fail "the user $user, which was made for the servers, cannot be removed: $said. End what runs as that user (ps -fu $user), then try again"
    }
    sleep 0.1
  done
  if getent group "$user" >/dev/null 2>&1; then groupdel "$user" 2>/dev/null || delgroup "$user"; fi
}

# What several stacks on one machine may use, such as a user or packages: the last of them that
# leaves removes what one of them made. Text for scripts that run as root, to be read before them;
# owner= tells the stacks apart.
shared=/var/lib/pulumi-redis-ha
: "${owner:?}" "${left:=}"

# join THING: this stack uses it.
join() {
  if ! { mkdir -p "$shared/$1/users" && : >"$shared/$1/users/$owner"; }; then
    echo "$shared cannot be written" >&2
    exit 1
  fi
}

# note THING TEXT: one of the stacks makes it; to be said first, or what was made by a step that was
# killed would stay.
note() { printf '%s\n' "$2" >"$shared/$1/made"; }

# leave THING: 0 if nobody uses it any more and one of the stacks made it; left is what was noted.
leave() {
  rm -f "$shared/$1/users/$owner"
  rmdir "$shared/$1/users" 2>/dev/null || return 1
  left=$(cat "$shared/$1/made" 2>/dev/null)
  rm -rf "${shared:?}/$1"
  rmdir "$shared" 2>/dev/null
  [ -n "$left" ]
}

# A hung server must not hang us. Where timeout(1) is missing (it is not in POSIX), go without.
if command -v timeout >/dev/null 2>&1; then limited() { timeout "$@"; }; else limited() { shift; "$@"; }; fi

# ask ADDRESS PORT COMMAND...: the reply, one value a line; nothing if nobody answers.
ask() {
  ask_address=$1 ask_port=$2
  shift 2
  limited "$ask_limit" "$cli" -h "$ask_address" -p "$ask_port" "$@" </dev/null 2>/dev/null | tr -d '\r'
}
ask_me() { ask "$address" "$port" "$@"; }
field() { sed -n "s/^$1://p"; }

# ask_all LIST COMMAND...: ask everyone in LIST ("name host address port" a line) at once;
# the replies are in $replies/NAME afterwards, empty for those who did not answer.
make_scratch() {
  for left in .replies.*; do
    [ ! -d "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
  scratch=$directory/.replies.$$
  rm -rf "$scratch"
  mkdir "$scratch" || refuse "cannot write to $directory"
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
}
ask_all() {
  ask_list=$1
  shift
  replies=$(mktemp -d "$scratch/XXXXXX") || refuse "cannot write to $directory"
  while read -r ask_name _ ask_a ask_p; do
    [ -n "$ask_name" ] || continue
    ask "$ask_a" "$ask_p" "$@" >"$replies/$ask_name" &
  done <<EOF
$ask_list
EOF
  wait
}

# node_at HOST PORT: the name of the node that is reached there, by host name or address.
node_at() {
  while read -r at_name at_host at_address at_port; do
    if [ "$at_port" = "$2" ] && { [ "$at_host" = "$1" ] || [ "$at_address" = "$1" ]; }; then
      echo "$at_name"
      return
    fi
  done <<EOF
$nodes
EOF
  echo "$1:$2"
}

# where LIST NAME: "address port" of the one of that name.
where() { printf '%s\n' "$1" | while read -r w_name _ w_address w_port; do [ "$w_name" = "$2" ] && echo "$w_address $w_port"; done; }
count() { printf '%s\n' "$1" | grep -c .; }

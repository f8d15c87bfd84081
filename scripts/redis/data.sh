# Files count as data only if there is a key in them: a server that was merely started leaves files, too.
has_data() {
  for data_file in $data_files; do
    [ -s "$data_file" ] || continue
    case $data_file in
      *.manifest) ;;
      *.rdb) rdb_is_empty "$data_file" || return 0 ;;
      *) return 0 ;;
    esac
  done
  return 1
}

# rdb_is_empty FILE: nothing but auxiliary fields (0xFA name value) between the nine bytes of the header and the end
# (0xFF). A search for the byte that starts a database would find it by chance in a time or in the checksum.
rdb_is_empty() {
  od -An -v -tu1 -N 4096 "$1" | tr -s ' ' '\n' | grep . | awk '
    { byte[NR] = $1 }
    function skip(at) {
      if (byte[at] < 64) return at + 1 + byte[at]
      if (byte[at] < 128) return at + 2 + (byte[at] - 64) * 256 + byte[at + 1]
      if (byte[at] == 192) return at + 2
      if (byte[at] == 193) return at + 3
      if (byte[at] == 194) return at + 5
      return NR + 1
    }
    END {
      at = 10
      while (byte[at] == 250) at = skip(skip(at + 1))
      exit byte[at] != 255
    }'
}

holds_keys() { ask "$1" "$2" INFO keyspace | grep -q '^db[0-9]'; }

some_peer_holds_keys() {
  ask_all "$peers" INFO keyspace
  grep -q '^db[0-9]' "$replies"/* 2>/dev/null
}

# no_peer_holds_keys: one that says nothing may be too busy to: only one that refuses the connection is surely not there.
no_peer_holds_keys() {
  some_peer_holds_keys && return 1
  for reply in "$replies"/*; do
    # shellcheck disable=SC2046
    [ ! -e "$reply" ] || [ -s "$reply" ] || cannot_connect $(where "$peers" "${reply##*/}") || return 1
  done
}

cannot_connect() { limited "$ask_limit" "$cli" -h "$1" -p "$2" PING </dev/null 2>&1 | grep -q '^Could not connect'; }

# To be called after some_peer_holds_keys.
every_peer_answered() {
  for reply in "$replies"/*; do [ -s "$reply" ] || return 1; done
}

# What is in a snapshot, by its first bytes. Needs rdb_name=.

# rdb_facts: sets rdb (absent, empty: no key in it, keys, unreadable), rdb_ctime (when it was
# written, by its own account, in s since 1970; 0 where it doesn't say), rdb_replid and rdb_offset
# (the replication history that it is part of, and how far). A search for the byte that starts a
# database would find it by chance in a time or in the checksum.
rdb_facts() {
  rdb=absent rdb_ctime=0 rdb_replid=- rdb_offset=0
  [ -e "$rdb_name" ] || return 0
  read -r rdb rdb_ctime rdb_replid rdb_offset <<EOT
$(od -An -v -tu1 -N 4096 "$rdb_name" 2>/dev/null | awk '
    { for (i = 1; i <= NF; i++) byte[++n] = $i }
    function after(at) {
      if (byte[at] < 64) return at + 1 + byte[at]
      if (byte[at] < 128) return at + 2 + (byte[at] - 64) * 256 + byte[at + 1]
      if (byte[at] == 192) return at + 2
      if (byte[at] == 193) return at + 3
      if (byte[at] == 194) return at + 5
      return n + 1
    }
    function text(at,   end, begin, found) {
      if (byte[at] == 192) return byte[at + 1] ""
      if (byte[at] == 193) return (byte[at + 1] + byte[at + 2] * 256) ""
      if (byte[at] == 194)
        return sprintf("%.0f", byte[at + 1] + byte[at + 2] * 256 + byte[at + 3] * 65536 + \
          byte[at + 4] * 16777216)
      end = after(at)
      begin = byte[at] < 64 ? at + 1 : at + 2
      for (found = ""; begin < end && begin <= n; begin++)
        found = found sprintf("%c", byte[begin] + 0)
      return found
    }
    END {
      for (i = 1; i <= 6; i++) magic = magic sprintf("%c", byte[i] + 0)
      if (magic !~ /^REDIS/ && magic != "VALKEY") { print "unreadable 0 - 0"; exit }
      at = 10
      while (byte[at] == 250 && at <= n) {
        found[text(at + 1)] = text(after(at + 1))
        at = after(after(at + 1))
      }
      replid = found["repl-id"] ~ /^[0-9a-f]+$/ ? found["repl-id"] : "-"
      print (byte[at] == 255 ? "empty" : "keys"), found["ctime"] + 0, replid, \
        (found["repl-offset"] ~ /^[0-9]+$/ ? found["repl-offset"] : 0)
    }')
EOT
}

# What the sentinels have said, a line for each of them. Needs gathered, nodes and sentinels.

# sentinel_table: from what examine gathered, a line for each sentinel: NAME MASTER FLAGS EPOCH
# QUORUM AT PEER REPLICAS. MASTER is the node that it names, AT the address that it knows that by
# (HOST,PORT); PEER another sentinel that it hears (HOST,PORT,RUNID), REPLICAS those that it sees
# and is connected to (NODE=HOST,PORT;…); - for what it does not say.
sentinel_table() {
  {
    printf '%s\n' "$nodes" | sed 's/^/is /'
    printf '%s\n' "$sentinels" | sed 's/^/sits /'
    printf '%s\n' "$gathered"
  } | awk '
    $1 == "is" { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2; next }
    $1 == "sits" { peer[$3 ":" $5] = $2; peer[$4 ":" $5] = $2; order[++n] = $2; next }
    $3 != "=" { next }
    { line = $0; sub(/^[^ ]* [^ ]* = ?/, "", line) }
    ++place[$1, $2] % 2 { key[$1, $2] = line; if (line == "name") item[$1, $2]++; next }
    $1 == "sentinel" { of[$2, key[$1, $2]] = line; next }
    $1 == "slaves" || $1 == "peers" { of[$1, $2, item[$1, $2], key[$1, $2]] = line }
    function get(value) { return value == "" ? "-" : value }
    function address(list, who, i) { return of[list, who, i, "ip"] ":" of[list, who, i, "port"] }
    function comma(at) { sub(/:[^:]*$/, "," substr(at, match(at, /[^:]*$/)), at); return at }
    END {
      for (s = 1; s <= n; s++) {
        who = order[s]
        at = of[who, "ip"] ":" of[who, "port"]
        heard = replicas = ""
        for (i = 1; i <= item["peers", who]; i++) {
          id = of["peers", who, i, "runid"]
          if (of["peers", who, i, "flags"] ~ /^sentinel(,master_down)?$/ &&
              address("peers", who, i) in peer && id ~ /^[0-9a-f]+$/ && length(id) == 40)
            heard = comma(address("peers", who, i)) "," id
        }
        for (i = 1; i <= item["slaves", who]; i++)
          if (of["slaves", who, i, "flags"] == "slave" && address("slaves", who, i) in name)
            replicas = replicas name[address("slaves", who, i)] "=" \
              comma(address("slaves", who, i)) ";"
        print who, (at in name ? name[at] : "-"), get(of[who, "flags"]), \
          get(of[who, "config-epoch"]), get(of[who, "quorum"]), \
          (at == ":" ? "-" : comma(at)), get(heard), get(replicas)
      }
    }'
}

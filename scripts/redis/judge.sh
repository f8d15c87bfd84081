# judge: a function, without any asking, of nodes, sentinels, named and gathered (gather whole).
# Prints a line for each rule that is broken: NUMBER SEVERITY WORDS. The rules are those of
# topology/rules.ts, told in docs/healthy.md; topology/judge.ts judges by the same for `npm run
# status`, and tests/topology/cases.ts has both say the same.
judge() {
  {
    each_with is "$nodes"
    each_with sits "$sentinels"
    printf '%s\n' "$gathered"
  } |
    awk -v named="$named" '
      BEGIN { severity[10] = severity[19] = severity[30] = "warning"; severity[14] = "settling" }
      $1 == "is" && NF == 5 { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2; node[++nodes] = $2; next }
      $1 == "sits" && NF == 5 {
        peer[$3 ":" $5] = $2
        peer[$4 ":" $5] = $2
        order[++all] = $2
        next
      }
      $3 == "+" { answered[$1, $2] = 1; next }
      { line = $0; sub(/^[^ ]* [^ ]* [^ ]* ?/, "", line) }
      # No quorum is an error, and an answer. Redis before 3.0 does not know the question.
      $1 == "quorum" && $3 == "!" && line ~ /^NOQUORUM/ { quorum[$2] = line; next }
      $1 == "quorum" && $3 == "!" && tolower(line) ~ /unknown sentinel subcommand/ { next }
      $3 == "!" { silent[$1, $2] = line; next }
      $3 == "-" { silent[$1, $2] = "nobody listens there"; next }
      $3 != "=" { next }
      # Those who answer at once come in between each other.
      $1 == "quorum" { quorum[$2] = line; next }
      $1 == "node" || $1 == "tilt" {
        at = index(line, ":")
        info[$1, $2, substr(line, 1, at - 1)] = substr(line, at + 1)
        next
      }
      { odd = ++place[$1, $2] % 2 }
      $1 == "address" { vote[$2] = odd ? line : vote[$2] ":" line; next }
      $1 == "wanted" { if (place[$1, $2] == 2) wanted[$2] = line; next }
      # Lists begin anew with each "name".
      odd { key[$1, $2] = line; if (line == "name") item[$1, $2]++; next }
      $1 == "sentinel" { of[$2, key[$1, $2]] = line; next }
      { entry[$1, $2, item[$1, $2], key[$1, $2]] = line }

      function tell(rule, words) {
        print rule, (rule in severity ? severity[rule] : "broken"), words
      }
      function called(at) { return at in name ? name[at] : at }
      function isnumber(text) { return text ~ /^[0-9]+$/ }
      function number(text) { return isnumber(text) ? text : "an unknown number" }
      function why(tag, who) {
        return (tag, who) in answered ? "" : (tag, who) in silent ? silent[tag, who] : "no reply"
      }

      # Whom a sentinel knows: a replica that it is not connected to it would not promote, a
      # sentinel it would not hear.
      function known(list, who, watched, own, counts, stray, sees, says, \
          i, at, ours, flags, strays, word, kind, members, others, seen) {
        kind = list == "slaves" ? "slave" : "sentinel"
        word = list == "slaves" ? "replica" : "sentinel"
        members = list == "slaves" ? nodes : all
        for (i = 1; i <= item[list, who]; i++) {
          at = entry[list, who, i, "ip"] ":" entry[list, who, i, "port"]
          flags = entry[list, who, i, "flags"]
          ours = list == "slaves" ? (at in name ? name[at] : "") : (at in peer ? peer[at] : "")
          if (ours == "") {
            strays++
            tell(stray, who " knows a " word " that is not of this deployment, " \
              at " (" flags "): " \
              (flags ~ /s_down|disconnected/ ? \
              "if it is gone for good, put it into the list `forget`" : \
              says ", and then put it into the list `forget`"))
            continue
          }
          # That is what it said of the master, some time ago: Valkey 9.1 keeps it.
          if (flags != kind && flags != "sentinel,master_down")
            tell(sees, who " sees the " word " " called(at) " as: " flags)
          if (list == "slaves" && (entry[list, who, i, "role-reported"] == "master" ||
              ((list, who, i, "master-host") in entry && \
                called(entry[list, who, i, "master-host"] ":" \
                  entry[list, who, i, "master-port"]) != watched)))
            tell(14, who " has not heard yet that " ours " is a replica of " watched)
          if (ours != watched && !(ours in seen)) { seen[ours] = 1; others++ }
        }
        others += 0
        if (!strays && (own != members - 1 || others != members - 1))
          tell(counts, who " knows " (own == members - 1 ? others : number(own)) " " \
            (list == "slaves" ? "replicas" : "other sentinels") " instead of " members - 1)
      }

      # What all sentinels have to agree on: the odd one out is named, and one that does not say.
      function compare(rule, option,   s, who, value, usual, count, most) {
        most = 0
        for (s = 1; s <= all; s++) {
          value = of[order[s], option]
          if (isnumber(value)) count[value]++
        }
        for (s = 1; s <= all; s++) {
          value = of[order[s], option]
          if (isnumber(value) && count[value] > most) { usual = value; most = count[value] }
        }
        for (s = 1; s <= all; s++) {
          who = order[s]
          value = of[who, option]
          if (why("sentinel", who) == "" && (!isnumber(value) || value != usual))
            tell(rule, who " has " option " " number(value) ", others " number(usual))
        }
      }

      function judge_sentinel(who,   at, voted, text, i, n, tags) {
        if ((text = why("sentinel", who)) != "") { tell(3, who " gives no answer: " text); return }
        n = split("address slaves peers quorum tilt", tags, " ")
        for (i = 1; i <= n; i++) {
          if (tags[i] == "quorum" && !(("quorum", who) in silent)) continue
          if ((text = why(tags[i], who)) != "") { tell(3, who " gives no answer: " text); break }
        }
        # While a failover is under way, these two may differ.
        at = called(of[who, "ip"] ":" of[who, "port"])
        voted = vote[who] ~ /:/ ? called(vote[who]) : at
        if (named != "" && (at != named || voted != named))
          tell(4, who " names " (at != named ? at : voted) ", the majority " named)
        if (of[who, "flags"] != "master") tell(5, who " sees the master as: " of[who, "flags"])
        if (why("slaves", who) == "")
          known("slaves", who, at, of[who, "num-slaves"], 11, 12, 13, \
            "it replicates this master. Stop it, or make it follow another one (REPLICAOF)")
        if (why("peers", who) == "")
          known("peers", who, who, of[who, "num-other-sentinels"], 15, 16, 17, \
            "it watches a master of this name. Stop it, or take the master from it (SENTINEL REMOVE)")
        if (who in quorum && !(quorum[who] ~ /^OK [0-9]+ usable/ &&
            substr(quorum[who], 4) + 0 >= all))
          tell(18, who " says of the quorum: " quorum[who])
        if (info["tilt", who, "sentinel_tilt"] + 0) {
          tilted++
          tell(19, who \
            " is in TILT mode: it watches, but does not act, because its clock jumped or it was held up")
        }
        if (of[who, "quorum"] + 0 > needed) needed = of[who, "quorum"] + 0
        if (isnumber(of[who, "config-epoch"]) && of[who, "config-epoch"] + 0 >= newest + 0)
          newest = of[who, "config-epoch"]
      }

      function runs(who) {
        return ("node", who, "valkey_version") in info ? \
          "Valkey " info["node", who, "valkey_version"] : \
          ("node", who, "redis_version") in info ? "Redis " info["node", who, "redis_version"] : ""
      }

      function judge_node(who,   at, text, good, least) {
        if ((text = why("node", who)) != "") { tell(21, who " gives no answer: " text); return }
        at = called(info["node", who, "master_host"] ":" info["node", who, "master_port"])
        if (info["node", who, "role"] == "master") {
          if (named != "" && who != named) tell(23, who " says it is a master, too")
        }
        else if (who == named) tell(22, who " is named as the master but says it is a replica")
        else if (at == who) tell(24, who " waits to be told who is the master")
        else if (named != "" && at != named) tell(25, who " replicates " at " instead of " named)
        else if (info["node", who, "master_sync_in_progress"] != "0")
          tell(26, who " is not in sync with the master: it is still synchronising")
        else if (info["node", who, "master_link_status"] != "up")
          tell(26, who " is not in sync with the master: the link is down")
        if (info["node", who, "loading"] + 0) tell(27, who " is still loading its data")
        text = info["node", who, "aof_last_write_status"] == "err" ? \
            "it could not write its append-only file" : \
          info["node", who, "rdb_last_bgsave_status"] == "err" ? \
            "its last background save failed" : ""
        if (text != "") tell(28, who " may refuse writes: " text)
        # What counts good replicas wants one at least, also where it does not say how many.
        good = info["node", who, "min_slaves_good_slaves"]
        least = who in wanted ? wanted[who] : 1
        if (who == named && info["node", who, "role"] == "master" &&
            good != "" && good + 0 < least + 0)
          tell(29, who " refuses writes: " good \
            " good replicas, min-replicas-to-write wants " least)
        if (who != named && runs(who) != "" && runs(named) != "" && runs(who) != runs(named))
          tell(30, who " runs " runs(who) ", the master " runs(named))
      }

      END {
        if (named == "") {
          for (s = 1; s <= all; s++) {
            if (vote[order[s]] !~ /:/) { mute++; continue }
            at = called(vote[order[s]])
            if (!votes[at]++) voted[++places] = at
          }
          for (i = 1; i <= places; i++)
            text = text (i > 1 ? ", " : "") voted[i] " is named by " votes[voted[i]]
          if (mute) text = text (places ? ", " : "") mute " of " all " sentinels say nothing"
          tell(1, "no majority of the sentinels names a master: " text)
        }
        for (n = 1; n <= nodes; n++) if (node[n] == named) ours = 1
        if (named != "" && !ours)
          tell(2, "the sentinels name " named " as the master, which is no node of this deployment")
        for (s = 1; s <= all; s++) judge_sentinel(order[s])
        for (s = 1; s <= all; s++) {
          at = of[order[s], "config-epoch"]
          if (why("sentinel", order[s]) == "" && (!isnumber(at) || at != newest))
            tell(6, order[s] " is in epoch " number(at) ", others in " number(newest))
        }
        compare(7, "quorum")
        compare(8, "down-after-milliseconds")
        compare(9, "failover-timeout")
        compare(10, "parallel-syncs")
        # One that is in TILT mode does not say that the master is down: the others have to be as
        # many as the quorum.
        if (tilted && all - tilted < needed)
          tell(20, tilted " of " all \
            " sentinels are in TILT mode: until that ends, after 30 s, nobody would be made the master")
        for (n = 1; n <= nodes; n++) judge_node(node[n])
      }'
}

# of SEVERITY: what is read of those, in words.
of() { sed -n "s/^[0-9]* $1 //p"; }

# Several questions to everyone, by one client each: starting a client costs more than an answer.
# Needs lib/ask.sh. Prints lines as answers does, and by the same rules of what an answer is.

# ask_each LIST QUESTIONS: asks everyone in LIST ("name host address port" a line) at once. QUESTIONS
# has a line "TAG FORM COMMAND" for each; one of the form info or tilt, whose answer has lines of its
# own, comes last.
ask_each() {
  e_list=$1 e_commands='' e_shape=''
  while read -r e_tag e_form e_command; do
    e_commands="$e_commands$e_command$newline" e_shape="$e_shape $e_tag:$e_form"
  done <<EOT
$2
EOT
  while read -r e_name _ e_address e_port; do
    [ -z "$e_name" ] || {
      {
        printf '%s' "$e_commands" |
          client "$ask_limit" "$e_address" "$e_port" --csv 2>&1
        echo "=$?"
      } | read_round "$e_name" "${e_shape# }"
    } &
  done <<EOT
$e_list
EOT
  wait
}

# read_round NAME SHAPE: what one client has printed, and its exit status behind "=". SHAPE: TAG:FORM
# for each question. With --csv a reply is one line; what INFO says stays as it is. Behind a line
# that is no reply, which may be of the connection, nobody can tell any more what belongs to what.
# Each line in one piece: others write to the same pipe.
read_round() {
  awk -v name="$1" -v shape="$2" -v limit="$ask_limit" '
    function told(tag, text) { print tag, name, text; fflush() }
    # Control characters and all that is not ASCII have been escaped by the client.
    function plain(text) {
      gsub(/\\\\/, "\001", text)
      gsub(/\\"/, "\"", text)
      gsub(/\\(x[0-9a-f][0-9a-f]|.)/, "?", text)
      gsub(/\001/, "\\", text)
      return substr(text, 1, 2000)
    }
    function no_answer(tag, text) {
      if (text ~ /^Could not connect .*Connection refused/) { told(tag, "-"); return }
      gsub(/[\001-\037\177]/, " ", text)
      sub(/ *$/, "", text)
      told(tag, "! " (text == "" ? "an empty reply" : substr(text, 1, 200)))
    }
    # A connection that ends behind an error ended because of it (no place for one more client); one
    # that was cut by the limit, by that, whatever the shell says of it.
    function instead_of(text) {
      return late ? "no answer within " limit " s" : failed != "" ? failed : text
    }
    function is_answer(form, items, count) {
      if (form == "address")
        return count == 0 || count == 2 && items[1] != "" && items[2] ~ /^[0-9]+$/
      if (form == "fields") return items[1] == "name" && items[2] != ""
      if (form == "list") return count == 0 || items[1] == "name" && items[2] != ""
      if (form == "quorum") return items[1] ~ /^OK [0-9].* usable/
      if (form == "note") return items[1] == "syslog-ident"
      return form == "setting" && items[1] != "" && items[2] ~ /^[0-9]/
    }
    function read_line(tag, form, text,   items, count, i) {
      if (text ~ /^ERROR,"/) {
        failed = plain(substr(text, 8, length(text) - 8))
        no_answer(tag, failed)
        return
      }
      count = 0
      split("", items)
      if (text ~ /^".*"$/) count = split(substr(text, 2, length(text) - 2), items, /","/)
      else if (text != "" && text != "NULL" && text != "NIL") lost = instead_of(text)
      if (lost != "") { no_answer(tag, lost); return }
      if (!is_answer(form, items, count)) { no_answer(tag, text); return }
      told(tag, "+")
      if (count == 0) told(tag, "= ")
      for (i = 1; i <= count; i++) told(tag, "= " plain(items[i]))
    }
    function read_text(tag, form, from, to,   i, text, role, whole) {
      for (i = from; i <= to; i++) {
        text = text (i > from ? " " : "") line[i]
        if (form == "info" && line[i] ~ /^role:(master|slave)$/) role = 1
        if (form == "info" ? role && line[i] ~ /^# Keyspace/ : line[i] ~ /^sentinel_tilt:[0-9]/)
          whole = 1
      }
      if (!whole) { no_answer(tag, text ~ /^Error: / ? instead_of(text) : text); return }
      told(tag, "+")
      for (i = from; i <= to; i++) told(tag, "= " substr(line[i], 1, 2000))
    }
    { sub(/\r$/, ""); line[NR] = $0 }
    END {
      last = NR - 1
      status = line[NR]
      # A client that was ended within a line.
      cut = status !~ /^=/
      sub(/^.*=/, "", status)
      late = status == 124 || status == 137 || status == 143
      asked = split(shape, question, " ")
      for (i = 1; i <= asked; i++) {
        split(question[i], part, ":")
        if (lost != "") no_answer(part[1], lost)
        else if (part[2] == "info" || part[2] == "tilt") {
          if (status == 0 && !cut) read_text(part[1], part[2], i, last)
          else no_answer(part[1], instead_of(line[i]))
        } else if (i <= last) read_line(part[1], part[2], line[i])
        else no_answer(part[1], instead_of(""))
      }
    }'
}

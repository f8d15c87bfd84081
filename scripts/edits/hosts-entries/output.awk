# What is written, and the order of it all. Needs lines.awk and conflicts.awk.

function add(s, e) { out = out s e }

function block(noted, e,    i) {
    add(begin_line(noted), e)
    for (i = 1; i <= entries; i++) add(entry[i], e)
    add("# END " owner, e)
}

function applied(    i, e, noted) {
    for (i = 1; i <= lines; i++) {
        if (i == first) {
            e = eol[i]
            block(has_note(text[i]), e)
            # If an editor has taken the newline after our last line, that is not ours to repair.
            if (eol[end] == "") out = substr(out, 1, length(out) - length(e))
            i = end
        } else add(text[i], eol[i])
    }
    if (first) return
    e = eol[1] == "\r\n" ? eol[1] : "\n"
    noted = lines && eol[lines] == ""
    if (noted) add("", e)
    block(noted, e)
}

function removed(    i, e, noted) {
    for (i = 1; i <= lines; i++) {
        if (i != first) { add(text[i], eol[i]); continue }
        noted = has_note(text[i])
        e = eol[i]
        i = end
        if (!noted) continue
        if (i == lines) {
            if (substr(out, length(out) - length(e) + 1) == e)
                out = substr(out, 1, length(out) - length(e))
        } else if (begins(text[i + 1]) != "" && !has_note(text[i + 1])) {
            i++
            sub(/\)[ \t]*$/, NOTE ")", text[i])
            add(text[i], eol[i])
        }
    }
}

BEGIN { NOTE = "; no newline before"; stage = 1 }
stage == 1 { action = $0; stage = 2; next }
stage == 2 { owner = $0; stage = 3; next }
stage == 3 { if ($0 == "=") stage = 4; else if (action != "remove") read_entry($0); next }
{ last = $0; read_line($0) }
END {
    if (failed) exit 1
    if (action != "remove" && !entries) fail(0, "ENTRIES is empty: nothing to add")
    last_line()
    ORS = ""
    for (i = 1; i <= lines; i++) old = old text[i] eol[i]
    find_block()
    if (action == "remove") removed()
    else { find_conflicts(); applied() }
    if (emit == "file") print out
    else print "ok " (out != old) " " length(old) " " length(out) " " entries + 0 "\n"
}

# What is written, and the order of it all. Output by emit: plan (for the shell), file, pending (the
# store while the file is being replaced), final (afterwards).

function entry(key, under_way) {
    return "key " key "\n" ((key in added) ? "added" : "was " was[key]) "\nours " ours[key] "\n" \
        (under_way && (key in previous) ? "previous " previous[key] "\n" : "") \
        (under_way && (key in unfinished) ? "unfinished\n" : "")
}

function store_text(under_way,    out, i) {
    for (i = 1; i <= storeds; i++)
        if (stored[i] in known) {
            if (under_way || (action != "remove" && (stored[i] in wanted)))
                out = out entry(stored[i], under_way)
        }
    for (i = 1; i <= remembered; i++)
        if (!(remember[i] in listed)) out = out entry(remember[i], under_way)
    return out == "" && action == "remove" ? "" : head out "end\n"
}

# Fills part and part_eol; joining them into one string takes quadratic time in some awks. Returns
# the bytes.
function assemble(    i, k, new_eol, n, list, size) {
    new_eol = anchor && eol[anchor] ~ /\n/ ? eol[anchor] : eol[1]
    if (new_eol !~ /\n/) new_eol = "\n"
    parts = 0
    n = split(insert, list, "\n") - 1
    for (i = 1; i <= lines; i++) {
        if (!(i in gone)) { part[++parts] = text[i]; part_eol[parts] = eol[i] }
        if (i == anchor)
            for (k = 1; k <= n; k++) {
                part[++parts] = list[k]
                part_eol[parts] = new_eol
            }
    }
    if (parts && eol[lines] !~ /\n/) {
        # The line that is last now takes the place of the one that had no newline.
        for (i = 1; i < parts; i++) if (part_eol[i] !~ /\n/) part_eol[i] = new_eol
        part_eol[parts] = eol[lines]
    }
    for (i = 1; i <= parts; i++) size += length(part[i] part_eol[i])
    return size + 0
}

BEGIN {
    # The ASCII ones, then what else Python takes for a blank, in UTF-8.
    BLANK1 = "([ \t\v\f\r\034-\037]|\302[\205\240]|\341\232\200|\342\200[\200-\212\250\251\257]|\342\201\237|\343\200\200)"
    BLANK = BLANK1 "*"
    BLANK_FIRST = " \t\v\f\r\034\035\036\037\302\341\342\343"
    BOM = "\357\273\277"
    UTF8 = "^(a|[\302-\337][\200-\277]|\340[\240-\277][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\355[\200-\237][\200-\277]" \
        "|\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277])*$"
    part_ = 1
}
part_ == 1 { action = $0; part_ = 2; next }
part_ == 2 { file = $0; part_ = 3; next }
part_ == 3 { stanza = $0; part_ = 4; next }
part_ == 4 { old_id = $0; part_ = 5; next }
part_ == 5 { id = $0; part_ = 6; next }
part_ == 6 { old_by = $0; part_ = 7; next }
part_ == 7 { by = $0; part_ = 8; next }
part_ == 8 { overriding = $0; part_ = 9; next }
part_ == 9 { if ($0 == "=") part_ = 10; else read_version($0); next }
part_ == 10 { if ($0 == "=") part_ = 11; else asked[++askings] = $0; next }
part_ == 11 { if ($0 == "end") part_ = 12; else read_store($0); next }
{ read_line($0) }
END {
    if (failed) exit 1
    kind = stanza == "broker" ? "scheduler.conf" : "server.conf"
    field = by != "" ? "zato.environments" : \
        "zato." (stanza == "broker" ? "scheduler" : "server") "Confs"
    last_line()
    for (i = 1; i <= lines; i++) bytes_in += length(text[i] eol[i])
    bytes_in += 0
    parse()
    for (i = 1; i <= storeds; i++) listed[stored[i]] = 1
    if (action != "remove") {
        recognise()
        if (!(stanza in has_section)) no_stanza()
        for (i = 1; i <= askings; i++) read_wanted(asked[i])
        if (!wanteds) fail(0, "WANTED is empty: nothing to set")
        rules()
        for (i = 1; i <= wanteds; i++) want(order[i])
    }
    set_keys = keys
    for (i = 1; i <= storeds; i++)
        if ((stored[i] in known) && (action == "remove" || !(stored[i] in wanted)))
            put_back(stored[i])
    ORS = ""
    head = "pulumi-redis-ha kvdb store 1\nfile " file "\nstanza " stanza "\n"
    old = store_in old_id == "" ? "" : head (old_id == "" ? "" : "id " old_id "\n") \
        (old_by == "" ? "" : "by " old_by "\n") store_in "end\n"
    head = head "id " id "\n" (by == "" ? "" : "by " by "\n")
    pending = changed ? store_text(1) : old
    final = store_text(0)
    bytes_out = assemble()
    if (emit == "plan") {
        print "ok " (changed + 0) " " (set_keys + 0) " " (keys - set_keys) " " \
            bytes_in " " bytes_out " " \
            length(pending) " " (pending != old) " " length(final) " " (final != pending) "\n"
        print (action == "check" ? warnings : "") notes
    } else if (emit == "file") {
        for (i = 1; i <= parts; i++) print part[i] part_eol[i]
    } else if (emit == "pending") print pending
    else print final
}

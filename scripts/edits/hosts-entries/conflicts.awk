# Where our block is, and which lines of others stand against it. Needs lines.awk.

function find_block(    i, b, e) {
    for (i = 1; i <= lines; i++) {
        if ((b = begins(text[i])) != "") {
            if (inside == owner)
                fail(first, "the block of " owner " has no line # END " owner \
                    " before line " i "; complete or delete it by hand")
            if (b == owner && first)
                fail(i, "a second block of " owner " (the first is in line " \
                    first "); delete one of them by hand")
            inside = b
            if (b == owner) first = i
        } else if ((e = finishes(text[i])) != "") {
            if (inside == owner && e != owner)
                fail(first, "the block of " owner " has no line # END " owner \
                    " before line " i "; complete or delete it by hand")
            if (e == owner && inside != owner)
                fail(i, "an end of the block of " owner \
                    " without its beginning; delete this line by hand")
            if (e == owner) end = i
            if (e == inside) inside = ""
        }
        if (inside != "") block_of[i] = inside
    }
    if (first && !end)
        fail(first, "the block of " owner " has no line # END " owner \
            "; complete or delete it by hand")
    # A block that never ends takes no lines out of the check below.
    if (inside != "")
        for (i = lines; (i in block_of) && block_of[i] == inside; i--) delete block_of[i]
}

# What others wrote, for a message.
function shown(s) {
    gsub(/[^ -~]/, "?", s)
    return "\"" (length(s) > 80 ? substr(s, 1, 80) "..." : s) "\""
}

function find_conflicts(    i, s, f, n, k, name, where) {
    for (i = 1; i <= lines; i++) {
        if (i == first) i = end + 1
        if (i > lines) return
        s = text[i]
        sub(/#.*/, "", s)
        sub(/^[ \t\r\v\f]+/, "", s)
        n = split(s, f, /[ \t\r\v\f]+/)
        for (k = 2; k <= n; k++) {
            name = tolower(f[k])
            if (!(name in address) || address[name] == f[1]) continue
            where = shown(text[i]) ((i in block_of) ? ", in the block of " block_of[i] : "")
            if (f[1] ~ /^127\./ && address[name] !~ /^127\./ && !(i in block_of))
                fail(i, name " is " shown(f[1]) \
                    " here, which Debian\047s installer writes for a machine\047s own name: what runs here would not find it at " \
                    address[name] \
                    "; delete that line, or use another host name (" where ")")
            else
                fail(i, name " is already mapped to " shown(f[1]) \
                    ", so it would not stand for " address[name] \
                    " alone; delete or change that line, or use another host name (" where ")")
        }
    }
}

# One line of the file: blanks, quotes, section headers, keys. The rules are the regular expressions
# of ConfigObj 5.0.8 (_sectionmarker, _keyword, _multiline), which Zato vendors; \s of Python is
# Unicode, hence the blanks.

# The first byte decides most of the time, and much faster than the expression.
function blanks(s) {
    return index(BLANK_FIRST, substr(s, 1, 1)) && match(s, "^" BLANK) ? RLENGTH : 0
}
function ltrim(s) { return substr(s, blanks(s) + 1) }
function rtrim(s,    at) {
    while (substr(s, length(s)) ~ /[ \t\v\f\r\034-\037\200-\212\237\240\250\251\257]/ &&
            match(s, BLANK1 "$"))
        s = substr(s, 1, RSTART - 1)
    return s
}
function quoted(s) { return index("\"\047", substr(s, 1, 1)) && s != "" }
function unquote(s,    c) {
    c = substr(s, 1, 1)
    return quoted(s) && length(s) > 1 && substr(s, length(s)) == c ? substr(s, 2, length(s) - 2) : s
}
function ends(s) { s = ltrim(s); return s == "" || substr(s, 1, 1) == "#" }

# The position of the first closing quote at or after from that is followed by one of next_ ("\n"
# stands for the end).
function closing(s, quote, from, next_,    at, rest) {
    while (at = index(substr(s, from), quote)) {
        at += from - 1
        rest = ltrim(substr(s, at + length(quote)))
        if (rest == "" ? index(next_, "\n") : index(next_, substr(rest, 1, 1))) return at
        from = at + 1
    }
    return 0
}

# Sets open, close_, name. Not a header: 0.
function header(s,    at, from, tail) {
    s = ltrim(s)
    if (substr(s, 1, 1) != "[") return 0
    open = 0
    while (substr(s, 1, 1) == "[") { open++; s = ltrim(substr(s, 2)) }
    from = 2
    if (quoted(s)) {
        while (at = closing(s, substr(s, 1, 1), from, "]")) {
            name = substr(s, 2, at - 2)
            if (ltrim(name) != "" && closers(substr(s, at + 1))) return 1
            from = at + 1
        }
        return 0
    }
    while (at = index(substr(s, from), "]")) {
        at += from - 1
        if (closers(substr(s, at))) { name = rtrim(substr(s, 1, at - 1)); return 1 }
        from = at + 1
    }
    return 0
}
function closers(s) {
    close_ = 0
    s = ltrim(s)
    while (substr(s, 1, 1) == "]") { close_++; s = ltrim(substr(s, 2)) }
    return close_ && ends(s)
}

# Sets indent, name, before (the blanks before "="), left (all up to and with "="), right. Not a
# key: 0.
function keyline(s,    rest, at, c) {
    indent = substr(s, 1, blanks(s))
    rest = substr(s, length(indent) + 1)
    c = substr(rest, 1, 1)
    if (quoted(rest) && (at = closing(rest, c, 2, "="))) {
        name = substr(rest, 1, at)
    } else if (quoted(rest) || c == "=") {
        # ConfigObj then takes the last blank of the indentation for the first character of the
        # name.
        if (indent == "" || !(at = index(rest, "="))) return 0
        name = " " rtrim(substr(rest, 1, at - 1))
    } else {
        if (!(at = index(rest, "="))) return 0
        name = rtrim(substr(rest, 1, at - 1))
    }
    if (substr(name, 1, 1) != " ") {
        rest = substr(rest, length(name) + 1)
        before = substr(rest, 1, blanks(rest))
        left = indent name before "="
    } else {
        before = ""
        left = indent substr(rest, 1, at)
    }
    right = substr(s, length(left) + 1)
    name = unquote(name)
    return 1
}

# ConfigObj decodes each line as strict UTF-8. What is plain is made short before.
function is_utf8(s) {
    if (s !~ /[\200-\377]/) return 1
    gsub(/[\001-\177]+/, "a", s)
    return s ~ UTF8
}

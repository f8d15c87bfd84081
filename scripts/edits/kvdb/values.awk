# What stands right of "=": whether ConfigObj can read it (_valueexp, _multiline), and how to put
# another value in its place. `#` needs no space before it to begin a comment.

# The last line of a triple-quoted value that starts in line i; i for any other value.
function lastline(i, value,    quote, j) {
    value = ltrim(value)
    quote = substr(value, 1, 3)
    if (quote != "\"\"\"" && quote != "\047\047\047") return i
    if (closing(value, quote, 4, "\n#")) return i
    if (index(substr(value, 4), quote))
        fail(i, "text after the closing " quote "; only a comment may follow it")
    for (j = i + 1; j <= lines; j++)
        if (index(text[j], quote)) {
            if (!closing(text[j], quote, 1, "\n#"))
                fail(j, "text after the closing " quote "; only a comment may follow it")
            return j
        }
    fail(i, "the value of " name " opens " quote " and never closes it")
}

# Splits what stands right of "=" into lead, raw, trail, comment. 0 if the quotes do not match;
# strict is 0 if the parser would refuse the list.
function split_value(s,    at, end, c, first, quote) {
    lead = substr(s, 1, blanks(s))
    s = substr(s, length(lead) + 1)
    strict = 1; first = 1; end = 0; at = 1
    quote = substr(s, 1, 3)
    if (quote == "\"\"\"" || quote == "\047\047\047") {
        if (!(end = closing(s, quote, 4, "\n#"))) return 0
        end += 2
        at = end + 1
    } else for (;;) {
        at += blanks(substr(s, at))
        c = substr(s, at, 1)
        if (c == "" || c == "#") break
        if (c == ",") { if (s != ",") strict = 0; end = at++; continue }
        if (c == "\"" || c == "\047") {
            if (!(end = closing(s, c, at + 1, ",#\n"))) return 0
            at = end + 1
            at += blanks(substr(s, at))
        } else {
            c = match(substr(s, at), /[,#]/) ? RSTART - 1 : length(s) - at + 1
            end = at + length(rtrim(substr(s, at, c))) - 1
            at += c
        }
        if (substr(s, at, 1) == ",") end = at++
    }
    raw = substr(s, 1, end)
    trail = substr(s, end + 1)
    trail = substr(trail, 1, blanks(trail))
    comment = substr(s, end + length(trail) + 1)
    return 1
}

# What to write right of "=" for the value, in the manner of the line: all but the comment.
function with_value(gap, region, value, commented) {
    split_value(region)
    if (raw != "") return lead value trail
    if (value == "") return region
    if (region != "" && !commented) return region value
    return (gap == "" ? "" : " ") value region
}

function empty(value) { return value == "" || value == "\"\"" || value == "\047\047" }

# Whether ConfigObj reads the value, with quotes and lists as they are.
function good_value(s) {
    s = ltrim(s)
    if (s !~ /["\047,]/) return 1
    if (s !~ /["\047]/) {
        sub(/#.*/, "", s)
        s = rtrim(s)
        return s == "," || !match(s, "(^|,)" BLANK ",")
    }
    if (substr(s, 1, 1) == ",") return ends(substr(s, 2))
    split("", dead)
    return items(s, 1) > 0
}

# Whether s can be read as items of a list, or a single value, from p on: 1, 0, or -1 where an item
# would be nothing but blanks, which the parser finds too late to try anything else.
function items(s, p,    q, c, r, comma, result) {
    if (p in dead) return 0
    q = p + blanks(substr(s, p))
    c = substr(s, q, 1)
    if (c == "" || c == "#") return 1
    comma = match(substr(s, q), /[,#]/) && substr(s, q + RSTART - 1, 1) == "," ? q + RSTART - 1 : 0
    if (c == ",") {
        if (q > p && p > 1 && items(s, q + 1)) return -1
    } else if (c == "\"" || c == "\047") {
        for (r = q + 1; r = closing(s, c, r, ","); r++)
            if (result = items(s, r + 2 + blanks(substr(s, r + 1)))) return result
        # An unquoted item may begin with a blank, and then with a quote.
        if (q > p && comma && (result = items(s, comma + 1))) return result
        if (closing(s, c, q + 1, "#\n")) return 1
    } else if (!comma) return 1
    else if (result = items(s, comma + 1)) return result
    dead[p] = 1
    return 0
}

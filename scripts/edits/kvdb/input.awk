# The input: action, file, stanza, identities of the store and environments (as they are, as they
# will be), OVERRIDING, VERSIONS and WANTED, each up to a line "=", the store up to a line "end", the
# file with an "x" after its last byte (awk alone can not tell whether a last line had a newline).

function fail(line, message) {
    ORS = "\n"
    print "error"
    print (line ? "line " line ": " : "") message
    failed = 1
    exit 1
}

function note(message) { notes = notes message "\n" }
function warn(message) { warnings = warnings "warning: " message "\n" }

function read_wanted(s,    at, kind, key) {
    if (s == "") return
    at = index(s, "=")
    kind = at > 1 && index("?!", substr(s, at - 1, 1)) ? substr(s, at - 1, 1) : ""
    key = substr(s, 1, at - 1 - length(kind))
    if (!at || key == "" || match(key, "[\"\047?!\\\\]|" BLANK1) || key ~ /^[#\[]/)
        fail(0, "WANTED: line " (++wanted_lines) " is not key=value, key?=value or key!=value")
    wanted_lines++
    if (key in wanted) fail(0, "WANTED: " key " is there twice")
    s = substr(s, at + 1)
    if (!split_value(s) || !strict || raw != s || raw ~ /^("""|\047\047\047)/)
        fail(0, "WANTED: the value of " key \
            " would not be read back as it stands: # outside quotes, quotes that do not match, blanks around it, or an empty list element")
    if (index(s, "%("))
        warn("the value of " key " contains %(, which ConfigObj reads as an interpolation")
    order[++wanteds] = key
    wanted[key] = s
    kind_of[key] = kind
}

function read_store(s) {
    if (s ~ /^key /) { current = substr(s, 5); stored[++storeds] = current; known[current] = 1 }
    else if (s ~ /^was /) was[current] = substr(s, 5)
    else if (s == "added") added[current] = 1
    else if (s ~ /^ours /) ours[current] = substr(s, 6)
    else if (s ~ /^previous /) previous[current] = substr(s, 10)
    else if (s == "unfinished") unfinished[current] = 1
    store_in = store_in s "\n"
}

function read_line(s) {
    text[++lines] = s
    eol[lines] = "\n"
    if (match(s, /\r+$/)) {
        text[lines] = substr(s, 1, RSTART - 1)
        eol[lines] = substr(s, RSTART) "\n"
    }
}

# Takes off the "x".
function last_line() {
    s = text[lines]
    s = substr(s, 1, length(s) - 1)
    if (s == "") { lines--; return }
    text[lines] = s
    eol[lines] = ""
    if (match(s, /\r+$/)) { text[lines] = substr(s, 1, RSTART - 1); eol[lines] = substr(s, RSTART) }
}

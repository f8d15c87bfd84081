# The lines of the file and of ENTRIES, and the marker lines between which a block stands.

function fail(line, message) {
    ORS = "\n"
    print "error"
    print (line ? "line " line ": " : "") message
    failed = 1
    exit 1
}
# Whose block a marker line begins or ends; nothing for other lines.
function begins(s) {
    return s ~ /^# BEGIN [A-Za-z0-9._\/-]+ \(Pulumi; do not edit[;)]/ ? word(s) : ""
}
function finishes(s) { return s ~ /^# END [A-Za-z0-9._\/-]+[ \t]*$/ ? word(s) : "" }
function word(s,    w) { split(s, w, /[ \t]+/); return w[3] }

function begin_line(noted) {
    return "# BEGIN " owner " (Pulumi; do not edit" (noted ? NOTE : "") ")"
}
function has_note(s) { return index(s, NOTE ")") > 0 }

function read_entry(s,    f, n, i) {
    sub(/^[ \t]+/, "", s)
    sub(/[ \t]+$/, "", s)
    if (s == "") return
    n = split(s, f, /[ \t]+/)
    if (n < 2 || s !~ /^[0-9A-Fa-f.:]+(%[A-Za-z0-9]+)?([ \t]+[A-Za-z0-9_][A-Za-z0-9._-]*)+$/)
        fail(0, "ENTRIES: line " (entries + 1) " is not address name...: " shown(s))
    entry[++entries] = s
    for (i = 2; i <= n; i++) {
        f[i] = tolower(f[i])
        if ((f[i] in address) && address[f[i]] != f[1])
            fail(0, "ENTRIES: " f[i] " has two addresses, " address[f[i]] " and " f[1])
        address[f[i]] = f[1]
    }
}

function read_line(s) {
    text[++lines] = s
    eol[lines] = "\n"
    if (sub(/\r$/, "", text[lines])) eol[lines] = "\r\n"
}
function last_line(    s) {
    # A \r without \n is no line end here: it stays part of the line.
    s = substr(last, 1, length(last) - 1)
    if (s == "") lines--
    else { text[lines] = s; eol[lines] = "" }
}

#!/bin/sh
# Sets keys of one stanza of a Zato server.conf, and puts them back.
#
#   sh kvdb.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input, never arguments: a password may be among them, and arguments
# (like the environment) are readable by others. For the same reason no message contains a value.
#   FILE    absolute path of the server.conf
#   STANZA  name of the stanza, `kvdb` unless given
#   STORE   absolute directory of the stack's own, for what is needed to put things back (0700)
#   WANTED  lines `key=raw` (set exactly this) or `key?=raw` (only where missing, empty, or ours already);
#           raw is what stands after `=`, without surrounding blanks or comment
#
# check   reads and refuses as apply would, warns of `%(` (ConfigObj interpolates it), writes nothing
# apply   sets the keys; a key wanted in an earlier apply and no longer wanted gets its original back
# remove  puts back what was there; a key that somebody changed since is left alone, with a note
#
# Exit status: 0 done, 1 refused or failed with the file untouched, 2 wrong call.
#
# Sources of the rules:
# - What is a header, a key, a value, a comment: the regular expressions of ConfigObj 5.0.8 (_sectionmarker, _keyword,
#   _valueexp, _multiline), which Zato vendors. Python's \s there is Unicode, hence the blanks below. `#` needs no
#   space before it to begin a comment.
# - A duplicate key or stanza stops Zato from starting: replace, never append.
# - rename(2) is atomic only within a directory, so the new file is prepared beside the old one.
# - The originals are stored before the file is replaced, with a mark until it has been; so an apply that was killed
#   at any point leaves enough to tell our values from the originals.

set -u
LC_ALL=C
export LC_ALL
umask 077
# A variable inherited from the environment would stay exported, and hand its value to every child.
unset FILE STANZA STORE WANTED
FILE='' STANZA=kvdb STORE='' WANTED=''
newline='
'

say() { printf '%s\n' "kvdb.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# shellcheck disable=SC2016
program='
# Input: STANZA, WANTED up to a line "=", the store up to a line "end", the file with an "x" after its last byte
# (awk alone can not tell whether a last line had a newline).
# Output by emit: plan (for the shell), file, pending (the store while the file is being replaced), final (afterwards).

function fail(line, message) {
    ORS = "\n"
    print "error"
    print (line ? "line " line ": " : "") message
    failed = 1
    exit 1
}

function note(message) { notes = notes message "\n" }

# The first byte decides most of the time, and much faster than the expression.
function blanks(s) { return index(BLANK_FIRST, substr(s, 1, 1)) && match(s, "^" BLANK) ? RLENGTH : 0 }
function ltrim(s) { return substr(s, blanks(s) + 1) }
function rtrim(s,    at) {
    while (substr(s, length(s)) ~ /[ \t\v\f\r\034-\037\200-\212\237\240\250\251\257]/ && match(s, BLANK1 "$")) s = substr(s, 1, RSTART - 1)
    return s
}
function quoted(s) { return index("\"\047", substr(s, 1, 1)) && s != "" }
function unquote(s,    c) {
    c = substr(s, 1, 1)
    return quoted(s) && length(s) > 1 && substr(s, length(s)) == c ? substr(s, 2, length(s) - 2) : s
}
function ends(s) { s = ltrim(s); return s == "" || substr(s, 1, 1) == "#" }

# The position of the first closing quote at or after from that is followed by one of next_ ("\n" stands for the end).
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

# Sets indent, name, before (the blanks before "="), left (all up to and with "="), right. Not a key: 0.
function keyline(s,    rest, at, c) {
    indent = substr(s, 1, blanks(s))
    rest = substr(s, length(indent) + 1)
    c = substr(rest, 1, 1)
    if (quoted(rest) && (at = closing(rest, c, 2, "="))) {
        name = substr(rest, 1, at)
    } else if (quoted(rest) || c == "=") {
        # ConfigObj then takes the last blank of the indentation for the first character of the name.
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

# The last line of a triple-quoted value that starts in line i; i for any other value.
function lastline(i, value,    quote, j) {
    value = ltrim(value)
    quote = substr(value, 1, 3)
    if (quote != "\"\"\"" && quote != "\047\047\047") return i
    if (closing(value, quote, 4, "\n#")) return i
    if (index(substr(value, 4), quote)) fail(i, "text after the closing " quote "; only a comment may follow it")
    for (j = i + 1; j <= lines; j++)
        if (index(text[j], quote)) {
            if (!closing(text[j], quote, 1, "\n#")) fail(j, "text after the closing " quote "; only a comment may follow it")
            return j
        }
    fail(i, "the value of " name " opens " quote " and never closes it")
}

# Splits what stands right of "=" into lead, raw, trail, comment. 0 if the quotes do not match; strict is 0 if the
# parser would refuse the list.
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

# --- input ---

function read_wanted(s,    at, soft, key) {
    if (s == "") return
    at = index(s, "=")
    soft = at > 1 && substr(s, at - 1, 1) == "?"
    key = substr(s, 1, at - 1 - soft)
    if (!at || key == "" || match(key, "[\"\047?\\\\]|" BLANK1) || key ~ /^[#\[]/)
        fail(0, "WANTED: line " (++wanted_lines) " is not key=value or key?=value")
    wanted_lines++
    if (key in wanted) fail(0, "WANTED: " key " is there twice")
    s = substr(s, at + 1)
    if (!split_value(s) || !strict || raw != s || raw ~ /^("""|\047\047\047)/)
        fail(0, "WANTED: the value of " key " would not be read back as it stands: # outside quotes, quotes that do not match, blanks around it, or an empty list element")
    if (index(s, "%(")) warnings = warnings "warning: the value of " key " contains %(, which ConfigObj reads as an interpolation\n"
    order[++wanteds] = key
    wanted[key] = s
    is_soft[key] = soft
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
    if (match(s, /\r+$/)) { text[lines] = substr(s, 1, RSTART - 1); eol[lines] = substr(s, RSTART) "\n" }
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

# --- the file ---

function parse(    i, s, depth, inside, seen, j) {
    depth = 0; inside = 0; seen = 0; anchor = 0
    style_gap = style_after = ""; style_from = 0
    if (substr(text[1], 1, 2) == "\377\376" || substr(text[1], 1, 2) == "\376\377")
        fail(1, "the file is UTF-16; Zato reads UTF-8")
    for (i = 1; i <= lines; i++) {
        s = text[i]
        if (i == 1 && substr(s, 1, 3) == BOM) s = substr(s, 4)
        if (ends(s)) continue
        if (header(s)) {
            if (open != close_) fail(i, "the section header has " open " [ and " close_ " ]")
            if (open > depth + 1) fail(i, "the section is nested too deep: at most " (depth + 1) " [ may stand here")
            depth = open
            name_in = unquote(name)
            if (depth == 1) {
                inside = name_in == stanza
                if (inside && seen++) fail(i, "a second [" stanza "]; keep one of them")
                if (inside) { anchor = i; style_indent = substr(s, 1, blanks(s)) }
            } else if (depth == 2 && inside && (name_in in wanted)) fail(i, "a section [[" name_in "]] stands where the key " name_in " is wanted; rename one of them")
            continue
        }
        if (!keyline(s)) {
            if (ltrim(s) ~ /^\[/) fail(i, "a section header that is not closed: expected [name]")
            fail(i, "neither key = value, [section], # comment nor blank")
        }
        if (i == 1 && substr(text[1], 1, 3) == BOM) left = BOM left
        j = lastline(i, right)
        if (depth == 1 && inside) {
            take_key(i, j)
            anchor = j
            take_style(3)
            style_indent = indent
        } else take_style(1)
        i = j
    }
    if (!seen && action != "remove") fail(0, "has no [" stanza "]; is it the server.conf of a Zato version with that stanza?")
}

# The look of an added line follows a key with a value, in the stanza if there is one.
function take_style(weight) {
    if (!split_value(right) || raw != "") weight++
    else lead = before
    if (weight <= style_from) return
    style_from = weight
    style_gap = length(before) > 1 ? " " : before
    style_after = length(lead) > 1 ? " " : lead
}

function take_key(i, j) {
    if (!(name in wanted) && !(name in known)) return
    if (name in at_line) fail(i, "a second " name " in [" stanza "] (the first is in line " at_line[name] "); keep one of them")
    at_line[name] = i
    key_left[name] = left
    key_gap[name] = before
    if (j == i && split_value(right)) {
        key_raw[name] = raw
        key_region[name] = lead raw trail
        key_comment[name] = comment
        readable[name] = 1
    } else if (name in wanted) {
        if (j != i) fail(i, "the value of " name " is a multi-line one; put it on one line")
        fail(i, "the value of " name " has quotes that do not match")
    }
}

function set_region(key, region) {
    if (region == key_region[key]) return
    text[at_line[key]] = key_left[key] region key_comment[key]
    key_region[key] = region
    changed = 1
}

# --- what to do ---

function mine(key) {
    return (key in known) && (key in readable) && (key_raw[key] == ours[key] || ((key in previous) && key_raw[key] == previous[key]))
}
function untouched_form(key) { return key_region[key] == with_value(key_gap[key], was[key], key_raw[key], key_comment[key] != "") }

function want(key,    value, region) {
    value = wanted[key]
    if ((key in known) && (key in unfinished) && !mine(key)) forget(key)
    if (is_soft[key] && (key in at_line) && !empty(key_raw[key]) && !mine(key)) return
    keys++
    if (!(key in at_line)) {
        region = value == "" ? "" : style_after value
        insert = insert style_indent key style_gap "=" region "\n"
        changed = 1
    } else if (key_raw[key] == value && !(key in known)) return
    if (!(key in known)) {
        remember[++remembered] = key
        known[key] = 1
        unfinished[key] = 1
        if (key in at_line) was[key] = key_region[key]; else added[key] = 1
    } else if (value != ours[key]) previous[key] = mine(key) ? key_raw[key] : ours[key]
    ours[key] = value
    if ((key in at_line) && key_raw[key] != value) {
        if ((key in was) && untouched_form(key)) set_region(key, with_value(key_gap[key], was[key], value, key_comment[key] != ""))
        else set_region(key, with_value(key_gap[key], key_region[key], value, key_comment[key] != ""))
    }
}

function forget(key) {
    delete known[key]; delete was[key]; delete added[key]; delete ours[key]; delete previous[key]; delete unfinished[key]
}

function put_back(key,    original) {
    if (key in was) { split_value(was[key]); original = raw }
    if (!(key in at_line)) {
        if ((key in was) && !(key in unfinished)) note(key " is no longer in [" stanza "]; left so")
        return
    }
    if (!mine(key)) {
        if ((key in unfinished) || ((key in was) && (key in readable) && key_raw[key] == original)) return
        note("line " at_line[key] ": " key " was changed by somebody else since; left as it is")
        return
    }
    keys++
    if (key in added) { gone[at_line[key]] = 1; changed = 1; return }
    set_region(key, untouched_form(key) ? was[key] : with_value(key_gap[key], key_region[key], original, key_comment[key] != ""))
}

# --- output ---

function entry(key, under_way) {
    return "key " key "\n" ((key in added) ? "added" : "was " was[key]) "\nours " ours[key] "\n" \
        (under_way && (key in previous) ? "previous " previous[key] "\n" : "") (under_way && (key in unfinished) ? "unfinished\n" : "")
}

function store_text(under_way,    out, i) {
    for (i = 1; i <= storeds; i++)
        if (stored[i] in known) { if (under_way || (action != "remove" && (stored[i] in wanted))) out = out entry(stored[i], under_way) }
    for (i = 1; i <= remembered; i++)
        if (!(remember[i] in listed)) out = out entry(remember[i], under_way)
    return out == "" ? "" : head out "end\n"
}

# Fills part and part_eol; joining them into one string takes quadratic time in some awks. Returns the bytes.
function assemble(    i, k, new_eol, n, list, size) {
    new_eol = anchor && eol[anchor] ~ /\n/ ? eol[anchor] : eol[1]
    if (new_eol !~ /\n/) new_eol = "\n"
    parts = 0
    n = split(insert, list, "\n") - 1
    for (i = 1; i <= lines; i++) {
        if (!(i in gone)) { part[++parts] = text[i]; part_eol[parts] = eol[i] }
        if (i == anchor) for (k = 1; k <= n; k++) { part[++parts] = list[k]; part_eol[parts] = new_eol }
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
    part_ = 1
}
part_ == 1 { action = $0; part_ = 2; next }
part_ == 2 { file = $0; part_ = 3; next }
part_ == 3 { stanza = $0; part_ = 4; next }
part_ == 4 { if ($0 == "=") part_ = 5; else read_wanted($0); next }
part_ == 5 { if ($0 == "end") part_ = 6; else read_store($0); next }
{ read_line($0) }
END {
    if (failed) exit 1
    if (action != "remove" && !wanteds) fail(0, "WANTED is empty: nothing to set")
    last_line()
    for (i = 1; i <= lines; i++) bytes_in += length(text[i] eol[i])
    bytes_in += 0
    parse()
    for (i = 1; i <= storeds; i++) listed[stored[i]] = 1
    if (action != "remove") for (i = 1; i <= wanteds; i++) want(order[i])
    set_keys = keys
    for (i = 1; i <= storeds; i++)
        if ((stored[i] in known) && (action == "remove" || !(stored[i] in wanted))) put_back(stored[i])
    ORS = ""
    head = "pulumi-redis-ha kvdb store 1\nfile " file "\nstanza " stanza "\n"
    old = store_in == "" ? "" : head store_in "end\n"
    pending = changed ? store_text(1) : old
    final = store_text(0)
    bytes_out = assemble()
    if (emit == "plan") {
        print "ok " (changed + 0) " " (set_keys + 0) " " (keys - set_keys) " " bytes_in " " bytes_out " " \
            length(pending) " " (pending != old) " " length(final) " " (final != pending) "\n"
        print (action == "check" ? warnings : "") notes
    } else if (emit == "file") {
        for (i = 1; i <= parts; i++) print part[i] part_eol[i]
    } else if (emit == "pending") print pending
    else print final
}'

# Everything awk reads, from memory: so each run sees the same bytes, whatever happens to the file meanwhile.
feed() {
    cat <<END
$action
$FILE
$STANZA
$WANTED
=
$stored
$content
END
}
run() { feed | awk -v emit="$1" "$program"; }

# Files to delete on whatever way out.
temporary='' temporary_store=''
cleanup() {
    status=$?
    trap - EXIT
    [ -z "$temporary" ] || rm -f "$temporary"
    [ -z "$temporary_store" ] || rm -f "$temporary_store"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

alive() { [ -d "/proc/$1" ] || kill -0 "$1" 2>/dev/null; }

# What a killed run left behind.
sweep() {
    for left_over in "$1".*; do
        case ${left_over##*.} in *[!0-9]* | '') continue ;; esac
        [ ! -f "$left_over" ] || alive "${left_over##*.}" || rm -f "$left_over"
    done
}

size_of() { echo $(($(wc -c <"$1"))); }

# `part_to PART FILE BYTES`: awk does not reliably report a full disk, cat and the size do.
part_to() {
    why=$(run "$1" | { cat >"$2"; } 2>&1) || return 1
    [ "$(size_of "$2")" = "$3" ]
}

# fsync, where sync can do it: the store has to be on the disk before the file is.
durable() { sync "$1" 2>/dev/null || :; }

# --- parameters ---

action=${1-}
case $action in check | apply | remove) ;; *)
    say "usage: sh kvdb.sh check|apply|remove, parameters on standard input"
    exit 2
    ;;
esac
eval "$(cat)"
for name in FILE STORE; do
    eval "value=\$$name"
    # shellcheck disable=SC2154
    case $value in
    *"$newline"*) die "$name contains a newline; it must be an absolute path" ;;
    /*) ;;
    *) die "$name must be an absolute path" ;;
    esac
done
case $STANZA in '' | *"$newline"*) die "STANZA must be the name of a stanza, such as kvdb" ;; esac

# --- the store ---

# One entry per file and stanza. The name alone could collide, so an entry says inside whose it is.
find_entry() {
    base=$(printf '%s' "$STANZA.$FILE" | tr -c 'A-Za-z0-9._-' '_' | tail -c 120)
    found='' free='' number=0
    while [ "$number" -lt 10 ]; do
        candidate=$STORE/kvdb-$number-$base
        if [ ! -e "$candidate" ]; then
            [ -n "$free" ] || free=$candidate
        elif { read -r _ && read -r line && [ "$line" = "file $FILE" ] && read -r line && [ "$line" = "stanza $STANZA" ]; } 2>/dev/null <"$candidate"; then
            found=$candidate
        fi
        number=$((number + 1))
    done
    entry=${found:-$free}
    [ -n "$entry" ] || die "$STORE: ten files there have the name $entry would have; is it really this stack's own directory?"
}

load_entry() {
    stored=end
    [ -n "$found" ] || return 0
    stored=$(cat "$found") || die "$found: cannot be read"
    case $stored in *"${newline}end") ;; *) die "$found: is damaged (its last line should be 'end'); restore $FILE by hand and delete it" ;; esac
    # The first three lines say whose it is; the program needs the keys only.
    for _ in 1 2 3; do stored=${stored#*"$newline"}; done
}

# `save PART BYTES`: an empty part deletes the entry.
save() {
    if [ "$2" = 0 ]; then
        rm -f "$entry" || return 1
        sweep "$STORE/.kvdb"
        rmdir "$STORE" 2>/dev/null || :
        return 0
    fi
    mkdir -p "$STORE" 2>/dev/null || { why="$STORE cannot be created"; return 1; }
    sweep "$STORE/.kvdb"
    temporary_store=$STORE/.kvdb.$$
    part_to "$1" "$temporary_store" "$2" || { why="$STORE: cannot be written (disk full?)"; return 1; }
    durable "$temporary_store"
    why=$(mv -f "$temporary_store" "$entry" 2>&1) || return 1
    temporary_store=''
}

# --- the file ---

resolve() {
    target=$FILE hops=0
    while [ -L "$target" ]; do
        hops=$((hops + 1))
        [ "$hops" -le 40 ] || die "$FILE: too many levels of symbolic links"
        link=$(readlink "$target" && printf x) || die "$FILE: the symbolic link cannot be read"
        link=${link%"$newline"x}
        case $link in /*) target=$link ;; *) target=${target%/*}/$link ;; esac
    done
    directory=${target%/*}
    directory=${directory:-/}
}

mount_point() {
    [ -r /proc/self/mountinfo ] || return 1
    # Thousands of mounts, and a shell that reads byte by byte, take a while; most names are not there at all.
    case ${target##*/} in
    *[!A-Za-z0-9._-]*) ;;
    *) grep -qF "/${target##*/} " /proc/self/mountinfo || return 1 ;;
    esac
    canonical=$(cd -P "$directory" 2>/dev/null && pwd -P) || return 1
    canonical=$(printf '%s\n' "${canonical%/}/${target##*/}" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g')
    while read -r _ _ _ _ mounted _; do
        [ "$mounted" != "$canonical" ] || return 0
    done </proc/self/mountinfo
    return 1
}

preflight() {
    [ -e "$target" ] || die "$FILE: no such file; give the path of a server.conf that exists"
    [ -f "$target" ] || die "$FILE: is not a regular file"
    [ -r "$target" ] || die "$FILE: cannot be read by $(id -un); run as its owner or as root"
    [ -w "$target" ] || die "$FILE: cannot be written by $(id -un); run as its owner or as root"
    if [ ! -w "$directory" ] || [ ! -x "$directory" ]; then
        die "$directory: cannot be written by $(id -un), but the file has to be replaced in one step from a copy beside it; allow that, or run as root"
    fi
    ! mount_point || die "$FILE: is a mount point, which cannot be replaced in one step; mount its directory instead, or edit it where it comes from"
    ancestor=$STORE
    while [ ! -e "$ancestor" ]; do ancestor=${ancestor%/*}; ancestor=${ancestor:-/}; done
    if [ ! -d "$ancestor" ] || [ ! -w "$ancestor" ]; then
        die "$STORE: cannot be written, as $ancestor is not a writable directory"
    fi
}

# Only asked where something is wrong, as every healthy file would pay for it.
refuse_nul() {
    [ "$(tr -d '\000' <"$target" | wc -c)" -eq "$(wc -c <"$target")" ] ||
        die "$FILE: contains NUL bytes (UTF-16, or no text); Zato reads UTF-8"
}

read_file() {
    content=$(cat "$target" && printf x) || die "$FILE: cannot be read"
}

still_the_same() {
    now=$(cat "$target" && printf x) && [ "$now" = "$content" ]
}

# shellcheck disable=SC2012
same_owner() {
    ls -ldn "$1" "$2" | {
        read -r mode _ uid gid _
        read -r mode2 _ uid2 gid2 _
        [ "$mode $uid $gid" = "$mode2 $uid2 $gid2" ]
    }
}

prepare() {
    name=$directory/.${target##*/}.pulumi-redis-ha.$$
    (set -C && : >"$name") 2>/dev/null || die "$directory: a file cannot be created there (disk full?); $FILE is untouched"
    temporary=$name
    # -a keeps extended attributes and the SELinux context where cp knows how.
    cp -a "$target" "$temporary" 2>/dev/null || cp -p "$target" "$temporary" 2>/dev/null ||
        die "$directory: the copy beside $FILE cannot be written (disk full?); $FILE is untouched"
    part_to file "$temporary" "$bytes" || die "$directory: the copy beside $FILE cannot be written (disk full?); $FILE is untouched"
    same_owner "$temporary" "$target" ||
        die "$FILE: its owner or mode would change; run as its owner or as root; it is untouched"
    durable "$temporary"
}

# Sets changed, set_keys, back_keys, bytes and what to do to the store.
plan() {
    read_file
    planned=$(run plan) || {
        refuse_nul
        case $planned in error"$newline"*) die "$FILE: ${planned#error"$newline"}" ;; esac
        die "$FILE: awk failed"
    }
    read -r _ changed set_keys back_keys bytes_in bytes pending_bytes pending_save final_bytes final_save <<END
$planned
END
    # The shell drops NUL bytes; anything else it loses should never be written back either.
    [ "$bytes_in" -eq "$(wc -c <"$target")" ] || {
        refuse_nul
        still_the_same || return 1
        die "$FILE: could not be read byte for byte by this shell; it is untouched"
    }
}

notes() {
    while IFS= read -r line; do
        [ -z "$line" ] || say "$FILE: $line"
    done <<END
${planned#"${planned%%"$newline"*}"}
END
}

replace() {
    prepare
    [ "$pending_save" = 0 ] || save pending "$pending_bytes" || die "$why; $FILE is untouched"
    still_the_same || { rm -f "$temporary"; return 1; }
    why=$(mv -f "$temporary" "$target" 2>&1) || {
        # The entry speaks of an edit that did not happen.
        if [ "$stored" = end ] && [ "$pending_save" = 1 ]; then save none 0; fi
        die "$FILE: cannot be replaced (${why##*: }); it is untouched. Is it a mount point, or protected?"
    }
    temporary=''
    durable "$directory"
}

resolve
find_entry
load_entry
[ "$action" = check ] || sweep "$directory/.${target##*/}.pulumi-redis-ha"

if [ "$action" = remove ]; then
    if [ "$stored" = end ]; then
        [ ! -d "$STORE" ] || { sweep "$STORE/.kvdb"; rmdir "$STORE" 2>/dev/null || :; }
        echo "$FILE: nothing of ours"
        exit 0
    fi
    if [ ! -e "$target" ]; then
        say "$FILE: is gone, so there is nothing to put back"
        save none 0 || die "$why"
        echo "$FILE: gone"
        exit 0
    fi
fi
preflight

# Another program may write the file at any time: what we read has to be what we replace.
tries=0
until plan && { [ "$action" = check ] || [ "$changed" = 0 ] || replace; }; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || die "$FILE: another program keeps writing it; try again when it is done"
done
notes
if [ "$action" = check ]; then
    echo "$FILE: can be edited"
    exit 0
fi
[ "$final_save" = 0 ] || save final "$final_bytes" || die "$why; $FILE is edited, run this again"
if [ "$changed" = 0 ]; then
    echo "$FILE: unchanged"
elif [ "$action" = apply ]; then
    echo "$FILE: $set_keys keys set"
else
    echo "$FILE: $back_keys keys put back"
fi

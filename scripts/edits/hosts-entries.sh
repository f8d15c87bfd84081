#!/bin/sh
# Keeps a block of lines in a hosts file, between two marker lines, and takes it out again.
#
#   sh hosts-entries.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input:
#   FILE     absolute path of the hosts file, /etc/hosts unless given
#   OWNER    whose block it is, such as pulumi-redis-ha/dev: letters, digits, . _ / -
#   ENTRIES  lines `address name...`
#
# check   reads and refuses as apply would, writes nothing
# apply   appends the block, or replaces it where it stands; does not write what is right already
# remove  takes it out; every other byte stays
#
# Exit status: 0 done, and of check: the block is as apply would leave it; 3 of check: it is not, or no longer; 1 refused or
# failed; 2 wrong call.
#
# Sources of the rules:
# - hosts(5): address, names, `#` to the end of the line; names compare without case; of two lines for one name, the
#   resolver takes the first. So a name mapped elsewhere further up would make ours void: refused.
# - A file without a final newline needs one before our block. The marker line says so, and remove takes it away again;
#   where another stack's block follows, it inherits the note, so the order in which stacks leave does not matter.
# - /etc/hosts in a container is a bind mount, which rename(2) refuses with EBUSY: then the file is overwritten and only
#   afterwards cut to length, so that there is no moment at which it is empty.
# - The lock is in /tmp, as it is the one directory every user of a machine can write to.

set -u
LC_ALL=C
export LC_ALL
umask 077
unset FILE OWNER ENTRIES
FILE=/etc/hosts OWNER='' ENTRIES=''
newline='
'

say() { printf '%s\n' "hosts-entries.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# shellcheck disable=SC2016
program='
# Input: OWNER, ENTRIES up to a line "=", the file with an "x" after its last byte.
# Output by emit: plan (for the shell) or file.

function fail(line, message) {
    ORS = "\n"
    print "error"
    print (line ? "line " line ": " : "") message
    failed = 1
    exit 1
}
# Whose block a marker line begins or ends; nothing for other lines.
function begins(s) { return s ~ /^# BEGIN [A-Za-z0-9._\/-]+ \(Pulumi; do not edit[;)]/ ? word(s) : "" }
function finishes(s) { return s ~ /^# END [A-Za-z0-9._\/-]+[ \t]*$/ ? word(s) : "" }
function word(s,    w) { split(s, w, /[ \t]+/); return w[3] }

function begin_line(noted) { return "# BEGIN " owner " (Pulumi; do not edit" (noted ? NOTE : "") ")" }
function has_note(s) { return index(s, NOTE ")") > 0 }

function read_entry(s,    f, n, i) {
    sub(/^[ \t]+/, "", s)
    sub(/[ \t]+$/, "", s)
    if (s == "") return
    n = split(s, f, /[ \t]+/)
    if (n < 2 || s !~ /^[0-9A-Fa-f.:]+(%[A-Za-z0-9]+)?([ \t]+[A-Za-z0-9_][A-Za-z0-9._-]*)+$/)
        fail(0, "ENTRIES: line " (entries + 1) " is not address name...: " s)
    entry[++entries] = s
    for (i = 2; i <= n; i++) {
        f[i] = tolower(f[i])
        if ((f[i] in address) && address[f[i]] != f[1]) fail(0, "ENTRIES: " f[i] " has two addresses, " address[f[i]] " and " f[1])
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

function find_block(    i, b, e) {
    for (i = 1; i <= lines; i++) {
        if ((b = begins(text[i])) != "") {
            if (inside == owner) fail(first, "the block of " owner " has no line # END " owner " before line " i "; complete or delete it by hand")
            if (b == owner && first) fail(i, "a second block of " owner " (the first is in line " first "); delete one of them by hand")
            inside = b
            if (b == owner) first = i
        } else if ((e = finishes(text[i])) != "") {
            if (inside == owner && e != owner) fail(first, "the block of " owner " has no line # END " owner " before line " i "; complete or delete it by hand")
            if (e == owner && inside != owner) fail(i, "an end of the block of " owner " without its beginning; delete this line by hand")
            if (e == owner) end = i
            if (e == inside) inside = ""
        }
        if (inside != "") block_of[i] = inside
    }
    if (first && !end) fail(first, "the block of " owner " has no line # END " owner "; complete or delete it by hand")
    # A block that never ends takes no lines out of the check below.
    if (inside != "") for (i = lines; i && block_of[i] == inside; i--) delete block_of[i]
}

function find_conflicts(    i, s, f, n, k, name) {
    for (i = 1; i <= lines && i != first; i++) {
        s = text[i]
        sub(/#.*/, "", s)
        sub(/^[ \t\r]+/, "", s)
        n = split(s, f, /[ \t\r]+/)
        for (k = 2; k <= n; k++) {
            name = tolower(f[k])
            if (!(name in address) || address[name] == f[1]) continue
            if (i in block_of) notes = notes "warning: line " i " (" block_of[i] ") already maps " name " to " f[1] ", which wins over our " address[name] "\n"
            else if (f[1] ~ /^127\./ && address[name] !~ /^127\./)
                fail(i, name " is " f[1] " here, which Debian\047s installer writes for a machine\047s own name: what runs here would not find it at " address[name] "; delete that line, or use another host name")
            else fail(i, name " is already mapped to " f[1] ", which would win over " address[name] "; delete or change that line, or use another host name")
        }
    }
}

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
            if (substr(out, length(out) - length(e) + 1) == e) out = substr(out, 1, length(out) - length(e))
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
    else print "ok " (out != old) " " length(old) " " length(out) " " entries + 0 "\n" notes
}'

feed() {
    cat <<END
$action
$OWNER
$ENTRIES
=
$content
END
}
run() { feed | awk -v emit="$1" "$program"; }

# The only step that may need root: `sh -c "$writer" sh NEW TARGET BYTES`. Says on its last line of output why not.
# shellcheck disable=SC2016
writer='
new=$1 target=$2 bytes=$3
umask 077
directory=${target%/*}
temporary=${directory}/.${target##*/}.pulumi-redis-ha.$$
made=
trap "[ -z \"\$made\" ] || rm -f \"\$temporary\"" EXIT
trap "exit 1" HUP INT TERM
size() { wc -c <"$1" | tr -d " "; }
for stale in "${directory}/.${target##*/}.pulumi-redis-ha".*; do
    case ${stale##*.} in *[!0-9]* | "") continue ;; esac
    [ ! -f "$stale" ] || [ -d "/proc/${stale##*.}" ] || kill -0 "${stale##*.}" 2>/dev/null || rm -f "$stale"
done
owner_of() { ls -ldn "$1" | { read -r mode _ uid gid _; echo "$mode $uid $gid"; }; }
by_rename() {
    (set -C && : >"$temporary") 2>/dev/null || return 1
    made=1
    { cp -a "$target" "$temporary" || cp -p "$target" "$temporary"; } 2>/dev/null || return 1
    cat "$new" >"$temporary" 2>/dev/null || return 1
    [ "$(size "$temporary")" = "$bytes" ] && [ "$(owner_of "$temporary")" = "$(owner_of "$target")" ] || return 1
    sync "$temporary" 2>/dev/null
    mv -f "$temporary" "$target" 2>/dev/null || return 1
    made=
}
in_place() {
    dd if="$1" of="$target" bs=65536 conv=notrunc 2>/dev/null || return 1
    [ "$(size "$target")" -ge "$2" ] || return 1
    dd if=/dev/null of="$target" bs=1 seek="$2" count=0 2>/dev/null || return 1
    cmp -s "$1" "$target"
}
by_rename && exit 0
[ -z "$made" ] || rm -f "$temporary"
made=
cat "$target" >"$new.old" || { echo "$target: no room to keep a copy while it is written"; exit 1; }
if in_place "$new" "$bytes"; then
    sync "$target" 2>/dev/null
    exit 0
fi
if in_place "$new.old" "$(size "$new.old")"; then echo "cannot be written (disk full?); it is as it was"
else
    kept=${new%/*/*}.kept
    cp "$new.old" "$kept"
    echo "could not be written completely (disk full?); what it was is in $kept"
fi
exit 1
'

# --- the lock ---

# A directory, with an empty directory inside it named after the holder. Whoever made the outer one and finds only
# itself inside holds it. A dead holder is removed by its name, so two who do it at once can not remove a third; and
# the outer one goes only when it is empty.
alive() { [ -d "/proc/$1" ] || kill -0 "$1" 2>/dev/null; }

locked=''
unlock() {
    [ -n "$locked" ] || return 0
    rm -f "$lock/$$/new" "$lock/$$/new.old"
    rmdir "$lock/$$" 2>/dev/null
    rmdir "$lock" 2>/dev/null
    locked=''
}

# Removes what the dead left; says whom it found alive.
inspect_lock() {
    holder='' inhabited=''
    for inhabitant in "$lock"/*; do
        number=${inhabitant##*/}
        case $number in "$$" | *[!0-9]*) continue ;; esac
        inhabited=1
        if alive "$number"; then holder=$number
        else
            rm -f "$inhabitant/new" "$inhabitant/new.old" 2>/dev/null
            rmdir "$inhabitant" 2>/dev/null
        fi
    done
}

nap() { sleep 0.05 2>/dev/null || sleep 1; }

acquire() {
    # Two files may get the same name: then they share a lock, which only costs time.
    lock=/tmp/pulumi-redis-ha$(printf '%s' "$canonical" | tr -c 'A-Za-z0-9._-' '-' | tail -c 120).lock
    deadline=$(($(date +%s) + 10)) empty_looks=0
    while :; do
        if mkdir "$lock" 2>/dev/null; then
            # Others have to see who holds it, and to enter it when its holder died.
            chmod 755 "$lock"
            if mkdir "$lock/$$" 2>/dev/null; then
                locked=1
                inspect_lock
                [ -n "$holder" ] || return 0
                unlock
            fi
        else
            inspect_lock
            if [ -z "$inhabited" ]; then
                # Just made, just given up, or its maker died in between: which, only time tells.
                empty_looks=$((empty_looks + 1))
                [ "$empty_looks" -lt 20 ] || { rmdir "$lock" 2>/dev/null; empty_looks=0; }
            else
                empty_looks=0
                [ -n "$holder" ] || rmdir "$lock" 2>/dev/null
            fi
        fi
        [ "$(date +%s)" -lt "$deadline" ] ||
            die "$FILE: waited 10 s for the lock $lock${holder:+, held by process $holder}; if nobody is at work on the file, delete that directory and try again"
        nap
    done
}

cleanup() {
    status=$?
    trap - EXIT
    unlock
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- parameters ---

action=${1-}
case $action in check | apply | remove) ;; *)
    say "usage: sh hosts-entries.sh check|apply|remove, parameters on standard input"
    exit 2
    ;;
esac
eval "$(cat)"
case $FILE in
*"$newline"*) die "FILE contains a newline; it must be an absolute path" ;;
/*) ;;
*) die "FILE must be an absolute path" ;;
esac
case $OWNER in
'' | *[!A-Za-z0-9._/-]*) die "OWNER must consist of letters, digits and . _ / -" ;;
esac

# --- the file ---

target=$FILE hops=0
while [ -L "$target" ]; do
    hops=$((hops + 1))
    [ "$hops" -le 40 ] || die "$FILE: too many levels of symbolic links"
    link=$(readlink "$target" && printf x) || die "$FILE: the symbolic link cannot be read"
    link=${link%"$newline"x}
    case $link in /*) target=$link ;; *) target=${target%/*}/$link ;; esac
done
if [ ! -e "$target" ]; then
    [ "$action" = remove ] || die "$FILE: no such file"
    say "$FILE: is gone, so there is nothing to remove"
    echo "$FILE: gone"
    exit 0
fi
[ -f "$target" ] || die "$FILE: is not a regular file"
[ -r "$target" ] || die "$FILE: cannot be read by $(id -un)"
directory=$(cd -P "${target%/*}/" && pwd -P) || die "$FILE: its directory cannot be entered"
canonical=${directory%/}/${target##*/}

read_file() {
    # While another stack overwrites it, two looks at the file may differ.
    for _ in 1 2 3 4 5; do
        content=$(cat "$canonical" && printf x) || die "$FILE: cannot be read"
        [ "$(cat "$canonical" && printf x)" != "$content" ] || return 0
    done
}

# Only asked where something is wrong, as every healthy file would pay for it. One look: between two, another stack may write.
refuse_nul() {
    [ "$(tr -dc '\000' <"$canonical" | wc -c)" -eq 0 ] || die "$FILE: contains NUL bytes, so it is no hosts file"
}

plan() {
    read_file
    planned=$(run plan) || {
        refuse_nul
        case $planned in error"$newline"*) die "$FILE: ${planned#error"$newline"}" ;; esac
        die "$FILE: awk failed"
    }
    read -r _ changed bytes_in bytes count <<END
$planned
END
}

notes() {
    while IFS= read -r line; do
        [ -z "$line" ] || say "$FILE: $line"
    done <<END
${planned#"${planned%%"$newline"*}"}
END
}

by_hand() {
    say "$FILE: needs root, and neither are we root nor does 'sudo -n' work."
    if [ "$action" = remove ]; then
        say "Delete this block by hand (sudo vi $FILE), from '# BEGIN $OWNER (Pulumi; ...' to '# END $OWNER',"
        say "or let sudo work without a password while this runs (type: sudo -v)."
    else
        say "Type 'sudo -v' and try again, or add these lines by hand:"
        printf '%s\n' "sudo tee -a $FILE <<'END'" "# BEGIN $OWNER (Pulumi; do not edit)" "$ENTRIES" "# END $OWNER" END >&2
    fi
    exit 1
}

elevate=''
elevation() {
    [ ! -w "$canonical" ] || return 0
    if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then elevate='sudo -n'; else by_hand; fi
}

plan
[ "$changed" = 0 ] || { elevation; [ "$bytes_in" -eq "$(wc -c <"$canonical")" ] || refuse_nul; }
if [ "$action" = check ]; then
    notes
    [ "$changed" = 0 ] || exit 3
    exit 0
fi
if [ "$changed" = 1 ]; then
    acquire
    # What was read before may be out of date.
    plan
    [ "$bytes_in" -eq "$(wc -c <"$canonical")" ] || {
        refuse_nul
        die "$FILE: another program keeps writing it, or this shell cannot read it byte for byte; it is untouched"
    }
fi
notes
if [ "$changed" = 0 ]; then
    echo "$FILE: unchanged"
    exit 0
fi
new=$lock/$$/new
if ! run file 2>/dev/null | cat >"$new" || [ "$(wc -c <"$new" | tr -d ' ')" != "$bytes" ]; then
    die "$FILE: no room in /tmp to prepare the new content; it is untouched"
fi
# shellcheck disable=SC2086
why=$($elevate sh -c "$writer" sh "$new" "$canonical" "$bytes" 2>&1) || die "$FILE: ${why##*"$newline"}"
if [ "$action" = apply ]; then echo "$FILE: $count entries set"; else echo "$FILE: entries removed"; fi

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
# Exit status: 0 done, and of check: the block is as apply would leave it; 3 of check: it is not, or
# no longer; 1 refused or failed; 2 wrong call.
#
# Sources of the rules:
# - hosts(5): address, names, `#` to the end of the line; names compare without case; of two lines
#   for one name, some resolvers take the first, others both. So a name mapped elsewhere, wherever
#   that stands, would make ours void: refused.
# - A file without a final newline needs one before our block. The marker line says so, and remove
#   takes it away again; where another stack's block follows, it inherits the note, so the order in
#   which stacks leave does not matter.
# - /etc/hosts in a container is a bind mount, which rename(2) refuses with EBUSY: then the file is
#   overwritten and only afterwards cut to length, so that there is no moment at which it is empty.
# - The lock is beside the file, where only those can make it who may replace the file
#   (lib/file-edit.sh).

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

# use lib/born.sh
# use lib/file-edit.sh
# use lib/plain.sh

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

# --- the lock ---

# Of those who want it only one can make the directory; with an empty directory inside it that is
# named after the holder. A dead holder is removed by its name, so two who do it at once can not
# remove a third; and the outer one goes only when it is empty. Who waits, waits as long as it
# changes hands.
: "${most_seconds:=600}"
idle_seconds=60
acquire() {
    lock=$(beside "$canonical").lock
    # Where a directory can't be written, but a file that is mounted there: root has a place of its
    # own.
    if ! acting test -w "$directory"; then
        if [ "$myself" != 0 ] || [ -n "$become" ]; then
            die "$FILE: $directory cannot be written, so nobody can be kept from writing the file at the same time"
        fi
        mkdir -m 700 /run/pulumi-redis-ha 2>/dev/null
        lock_owner=$(facts_of /run/pulumi-redis-ha | { read -r mode _ uid _ && echo "$mode $uid"; })
        case $lock_owner in
            drwx------*\ 0) ;;
            *) die "$FILE: neither $directory nor /run/pulumi-redis-ha can hold a lock" ;;
        esac
        lock=/run/pulumi-redis-ha/$(printf '%s' "$canonical" |
            tr -c 'A-Za-z0-9._-' '-' | tail -c 120).lock
    fi
    # Processes have their numbers in one name space only.
    space=$(readlink /proc/self/ns/pid 2>/dev/null | tr -cd 0-9)
    lock_of_process=$$.$(born $$ | tr -cd A-Za-z0-9).${space:-0}
    began=$(date +%s) empty_looks=0 last='' told=0
    changed_at=$began
    while :; do
        if made=$(acting mkdir -m 755 "$lock" 2>&1); then
            if acting mkdir "$lock/$lock_of_process" 2>/dev/null; then
                locked=1
                others_at_work || return 0
                unlock_beside
            fi
        else
            acting test -d "$lock" || acting test -w "$directory" ||
                die "$FILE: cannot be locked: $(printf '%s\n' "$made" | plain)"
            others_at_work
            if [ -z "$holder" ]; then
                # Just made, just given up, or its maker died in between: which, only time tells.
                empty_looks=$((empty_looks + 1))
                [ "$empty_looks" -lt 20 ] || { acting rmdir "$lock" 2>/dev/null; empty_looks=0; }
            else
                empty_looks=0
            fi
        fi
        now=$(date +%s)
        [ "$holder" = "$last" ] || { last=$holder changed_at=$now; }
        if [ $((now - changed_at)) -ge $idle_seconds ] ||
                [ $((now - began)) -ge "$most_seconds" ]; then
            die "$FILE: waited $((now - began)) s for the lock $lock${holder:+, held by process $holder}; if nobody is at work on the file, delete that directory and try again"
        fi
        if [ $((now - began - told)) -ge 10 ]; then
            told=$((now - began))
            say "$FILE: waiting for the lock since $told s${holder:+; process $holder is at work on it}"
        fi
        nap
    done
}

cleanup() {
    status=$?
    trap - EXIT
    unstage
    unlock_beside
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- parameters ---

action=${1-} elevated=${2-}
case $action in check | apply | remove) ;; *)
    say "usage: sh hosts-entries.sh check|apply|remove, parameters on standard input"
    exit 2
    ;;
esac
parameters=$(cat)
eval "$parameters"
case $FILE in
*"$newline"*) die "FILE contains a newline; it must be an absolute path" ;;
/*) ;;
*) die "FILE must be an absolute path" ;;
esac
case $OWNER in
'' | *[!A-Za-z0-9._/-]*) die "OWNER must consist of letters, digits and . _ / -" ;;
esac

# --- the file ---

# Whoever can put a link in the place of a directory or of a file on the way decides where it leads:
# root goes on with the rights of the first of them. Above that one all is root's, so that nobody
# can swap it meanwhile.
go_as_owner() {
    [ "$myself" = 0 ] && [ -z "$become" ] || return 0
    way='' rest=${1#/}
    while :; do
        way_facts=$(facts_of "${way:-}/.") || return 0
        read -r way_mode _ way_uid way_gid _ <<END
$way_facts
END
        if [ "$way_uid" != 0 ]; then
            act_in "${way:-/}"
            return
        fi
        case $way_mode in
            # Nobody but its owner can replace what is in there.
            d????????[tT]*)
                each_owner=$(facts_of "$way/${rest%%/*}" | { read -r _ _ uid _ && echo "$uid"; })
                case $rest:${each_owner:-0} in
                    */*:* | *:0) ;;
                    *) die "$FILE: is another user's, in a directory that everybody can write" ;;
                esac
                ;;
            d???????w*)
                die "$FILE: everybody can put something else into $way: root does not edit there"
                ;;
            d????w*)
                [ "$way_gid" = 0 ] ||
                    die "$FILE: the group $way_gid can put something else into $way: root does not edit there"
                ;;
        esac
        case $rest in */*) ;; *) return 0 ;; esac
        way=$way/${rest%%/*} rest=${rest#*/}
    done
}

target=$FILE hops=0
go_as_owner "$target"
while acting test -L "$target"; do
    hops=$((hops + 1))
    [ "$hops" -le 40 ] || die "$FILE: too many levels of symbolic links"
    link=$(acting readlink "$target" && printf x) || die "$FILE: the symbolic link cannot be read"
    link=${link%"$newline"x}
    case $link in /*) target=$link ;; *) target=${target%/*}/$link ;; esac
    go_as_owner "$target"
done
if ! acting test -e "$target"; then
    [ "$action" = remove ] || die "$FILE: no such file"
    say "$FILE: is gone, so there is nothing to remove"
    echo "$FILE: gone"
    exit 0
fi
acting test -f "$target" || die "$FILE: is not a regular file"
acting test -r "$target" ||
    die "$FILE: cannot be read by $(
        if [ -n "$become" ]; then
            echo "${actor_name:-user $actor}, whose directory it is in"
        else
            id -un
        fi
    )"
# shellcheck disable=SC2016
directory=$(acting sh -c 'cd -P "$1" && pwd -P' sh "${target%/*}/") ||
    die "$FILE: its directory cannot be entered"
canonical=${directory%/}/${target##*/}

read_file() {
    # While another stack overwrites it, two looks at the file may differ.
    for _ in 1 2 3 4 5; do
        content=$(acting cat "$canonical" && printf x) || die "$FILE: cannot be read"
        [ "$(acting cat "$canonical" && printf x)" != "$content" ] || return 0
    done
}

size_of() { acting wc -c "$1" | { read -r size _ && echo "$size"; }; }

# Only asked where something is wrong, as every healthy file would pay for it. One look: between
# two, another stack may write.
refuse_nul() {
    [ "$(acting cat "$canonical" | tr -dc '\000' | wc -c)" -eq 0 ] ||
        die "$FILE: contains NUL bytes, so it is no hosts file"
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

by_hand() {
    say "$FILE: needs root, and neither are we root nor does 'sudo -n' work."
    if [ "$action" = remove ]; then
        say "Delete this block by hand (sudo vi $FILE), from '# BEGIN $OWNER (Pulumi; ...' to '# END $OWNER',"
        say "or let sudo work without a password while this runs (type: sudo -v)."
    else
        say "Type 'sudo -v' and try again, or add these lines by hand:"
        printf '%s\n' "sudo tee -a $FILE <<'END'" "# BEGIN $OWNER (Pulumi; do not edit)" \
            "$ENTRIES" "# END $OWNER" END >&2
    fi
    exit 1
}

# Why the file can't be written by whoever may do everything, or whose it is: nothing if it can.
hindrance() {
    # shellcheck disable=SC2016
    hindered=$(acting sh -c ': <>"$1"' sh "$canonical" 2>&1) && return
    case $hindered in
        *[Rr]ead-only*) echo "is on a file system that is mounted read-only" ;;
        *"not permitted"*)
            echo "is immutable or append-only: see lsattr $FILE; chattr -i -a $FILE lets it be written"
            ;;
        *enied*)
            echo \
                "cannot be written by ${actor_name:-$(id -un)}${become:+, whose directory it is in}"
            ;;
        *) echo "cannot be written: $(printf '%s\n' "$hindered" | plain)" ;;
    esac
}

# Whether this needs another user's rights: sets elevate.
elevate=''
elevation() {
    hindered=$(hindrance)
    if [ -z "$hindered" ]; then
        [ "$myself" != 0 ] && ! [ -w "$directory" ] || return 0
    elif [ "$myself" = 0 ] || [ "$elevated" = elevated ]; then
        die "$FILE: $hindered"
    fi
    if [ "$elevated" != elevated ] && sudo -n true 2>/dev/null; then elevate=1; else by_hand; fi
}

plan
[ "$changed" = 0 ] || { elevation; [ "$bytes_in" -eq "$(size_of "$canonical")" ] || refuse_nul; }
if [ "$action" = check ]; then
    [ "$changed" = 0 ] || exit 3
    exit 0
fi
if [ -n "$elevate" ]; then
    # All of it, not only the writing: what root reads and locks is as much a matter of who owns
    # what.
    printf '%s\n' "$parameters" | sudo -n sh -c "$(cat "$0")" sh "$action" elevated
    exit $?
fi
# What a killed editor has left beside it goes away with the next one, be there something to change
# or not.
# shellcheck disable=SC2016
leftovers=$(
    acting sh -c 'ls -d "$1"/."$2".pulumi-redis-ha.* 2>/dev/null' sh "$directory" "${canonical##*/}"
)
if [ "$changed" = 1 ] || [ -n "$leftovers" ]; then
    acquire
    sweep_beside "$canonical"
    # What was read before may be out of date.
    plan
    [ "$bytes_in" -eq "$(size_of "$canonical")" ] || {
        refuse_nul
        die "$FILE: another program keeps writing it, or this shell cannot read it byte for byte; it is untouched"
    }
fi
if [ "$changed" = 0 ]; then
    echo "$FILE: unchanged"
    exit 0
fi

wanted=$(run file && printf x) || die "$FILE: awk failed"
[ "$(printf '%s' "${wanted%x}" | wc -c)" -eq "$bytes" ] || die "$FILE: awk failed; it is untouched"

by_rename() {
    stage "$canonical" &&
        same_owner "$staged" "$canonical" &&
        printf '%s' "${wanted%x}" | fill "$bytes" &&
        publish "$canonical" 2>/dev/null
}
# in_place TEXTx BYTES: first what is to stand there, then what is behind it, so that there is no
# moment at which it is empty.
in_place() {
    printf '%s' "${1%x}" | acting dd of="$canonical" bs=65536 conv=notrunc 2>/dev/null || return 1
    [ "$(size_of "$canonical")" -ge "$2" ] || return 1
    acting dd if=/dev/null of="$canonical" bs=1 seek="$2" count=0 2>/dev/null || return 1
    [ "$(acting cat "$canonical" && printf x)" = "$1" ]
}
if by_rename; then
    unstage
else
    unstage
    hindered=$(hindrance)
    [ -z "$hindered" ] || die "$FILE: $hindered; it is as it was"
    if ! in_place "$wanted" "$bytes"; then
        if in_place "$content" "$bytes_in"; then
            die "$FILE: cannot be written (disk full?); it is as it was"
        fi
        kept=$(mktemp) && printf '%s' "${content%x}" >"$kept"
        die "$FILE: could not be written completely (disk full?); what it was is in $kept"
    fi
    acting sync "$canonical" 2>/dev/null
fi
if [ "$action" = apply ]; then
    echo "$FILE: $count entries set"
else
    echo "$FILE: entries removed"
fi

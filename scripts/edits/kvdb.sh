#!/bin/sh
# Sets keys of one stanza of a Zato server.conf, and puts them back.
#
#   sh kvdb.sh check|apply|remove  <parameters
#
# Parameters are sh assignments on standard input, never arguments: a password may be among them,
# and arguments (like the environment) are readable by others. For the same reason no message
# contains a value.
#   FILE    absolute path of the server.conf
#   STANZA  name of the stanza, `kvdb` unless given
#   STORE   absolute directory of the stack's own, for what is needed to put things back (0700)
#   OWNER   what to call this deployment where another one wants the same file; STORE unless given
#   WANTED  lines `key=raw` (set exactly this), `key?=raw` (only where missing, empty, or ours
#           already) or `key!=raw` (only in place of a reference zato+secret://...; refused in place
#           of anything else); raw is what stands after `=`, without surrounding blanks or comment
#
# check   0: the file is as apply would leave it; 3: it is not; 1: it can't be, and why not. Lines
#         `warning: ...` on standard output are for the operator. Writes nothing
# apply   sets the keys; a key wanted in an earlier apply and no longer wanted gets its original
#         back
# remove  puts back what was there; a key that somebody changed since is left alone, with a note
#
# Exit status of apply and remove: 0 done, 1 refused or failed with the file untouched; 2 wrong
# call.
#
# One deployment at a time sets a stanza: which one, a small file beside server.conf says until
# remove. Ours is told by the id in STORE, so neither another name of the stack nor another name of
# the file makes it somebody else's.
#
# Sources of the rules:
# - A duplicate key or stanza stops Zato from starting: replace, never append.
# - rename(2) is atomic only within a directory, so the new file is prepared beside the old one.
# - The originals are stored before the file is replaced, with a mark until it has been; so an apply
#   that was killed at any point leaves enough to tell our values from the originals.

set -u
LC_ALL=C
export LC_ALL
umask 077
# A variable inherited from the environment would stay exported, and hand its value to every child.
unset FILE STANZA STORE OWNER WANTED
FILE='' STANZA=kvdb STORE='' OWNER='' WANTED=''
newline='
'

say() { printf '%s\n' "kvdb.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# use lib/born.sh
# use lib/file-edit.sh

# shellcheck disable=SC2016
program='
# use edits/kvdb/lines.awk
# use edits/kvdb/values.awk
# use edits/kvdb/input.awk
# use edits/kvdb/file.awk
# use edits/kvdb/zato.awk
# use edits/kvdb/plan.awk
# use edits/kvdb/output.awk
'

# Everything awk reads, from memory: so each run sees the same bytes, whatever happens to the file
# meanwhile.
feed() {
    cat <<END
$action
$FILE
$STANZA
$had_id
$id
$WANTED
=
$stored
$content
END
}
run() { feed | awk -v emit="$1" "$program"; }

temporary_store=''
cleanup() {
    status=$?
    trap - EXIT
    [ -z "$temporary_store" ] || rm -f "$temporary_store"
    unstage
    unlock_beside
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# What a killed run left in the store.
sweep_store() {
    for left_over in "$STORE/.kvdb".*; do
        case ${left_over##*.} in *[!0-9]* | '') continue ;; esac
        [ ! -f "$left_over" ] || [ -n "$(born "${left_over##*.}")" ] || rm -f "$left_over"
    done
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
OWNER=$(printf '%s' "${OWNER:-$STORE}" | tr -cd '\040-\176' | head -c 200)
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
        elif {
            read -r _ && read -r line && [ "$line" = "file $FILE" ] && read -r line &&
                [ "$line" = "stanza $STANZA" ]
        } 2>/dev/null <"$candidate"; then
            found=$candidate
        fi
        number=$((number + 1))
    done
    entry=${found:-$free}
    [ -n "$entry" ] ||
        die "$STORE: ten files there have the name $entry would have; is it really this stack's own directory?"
}

load_entry() {
    stored=end had_id=''
    if [ -n "$found" ]; then
        stored=$(cat "$found") || die "$found: cannot be read"
        case $stored in
            *"${newline}end") ;;
            *)
                die "$found: is damaged (its last line should be 'end'); restore $FILE by hand and delete it"
                ;;
        esac
        # The first lines say whose it is; the program needs the keys only.
        for _ in 1 2 3; do stored=${stored#*"$newline"}; done
        case $stored in
            'id '*)
                had_id=${stored#id } had_id=${had_id%%"$newline"*} stored=${stored#*"$newline"}
                ;;
        esac
    fi
    id=${had_id:-$(date +%s).$$.$(born $$ | tr -cd A-Za-z0-9)}
}

# What is remembered must be nobody else's to change: it is written to server.conf again, by root
# too.
refuse_open_store() {
    ancestor=$STORE
    while [ ! -e "$ancestor" ]; do ancestor=${ancestor%/*}; ancestor=${ancestor:-/}; done
    if [ ! -d "$ancestor" ] || [ ! -w "$ancestor" ]; then
        die "$STORE: cannot be written, as $ancestor is not a writable directory"
    fi
    [ "$myself" != 0 ] || trusted "${ancestor%/}" ||
        die "$STORE: is no safe place for root to remember things: $distrusted. Choose another directory for the host"
    [ -d "$STORE" ] || return 0
    facts_of "$STORE/." | {
        read -r mode _ uid _
        case $mode in d????w* | d???????w*) exit 1 ;; esac
        [ "$uid" = "$myself" ]
    } ||
        die "$STORE: belongs to somebody else, or others may write there; it has to be $(id -un)'s alone"
}

# `save PART BYTES`: an empty part deletes the entry.
save() {
    if [ "$2" = 0 ]; then
        rm -f "$entry" || return 1
        sweep_store
        rmdir "$STORE" 2>/dev/null || :
        return 0
    fi
    mkdir -p "$STORE" 2>/dev/null || { why="$STORE cannot be created"; return 1; }
    sweep_store
    temporary_store=$STORE/.kvdb.$$
    # awk does not reliably report a full disk, cat and the size do.
    if ! { run "$1" | cat >"$temporary_store"; } 2>/dev/null ||
            [ "$(($(wc -c <"$temporary_store")))" != "$2" ]; then
        why="$STORE: cannot be written (disk full?)"
        return 1
    fi
    durable "$temporary_store"
    why=$(mv -f "$temporary_store" "$entry" 2>&1) || return 1
    temporary_store=''
}

# --- the file ---

# A link in somebody's directory is followed with that one's rights. FILE's directory may be gone.
resolve() {
    target=$FILE hops=0
    while :; do
        directory=${target%/*}
        if [ ! -d "$directory/." ]; then return 0; fi
        act_in "${directory:-/}"
        directory=$directory_there
        target=${directory%/}/${target##*/}
        acting test -L "$target" || return 0
        hops=$((hops + 1))
        [ "$hops" -le 40 ] || die "$FILE: too many levels of symbolic links"
        link=$(acting readlink "$target" && printf x) ||
            die "$FILE: the symbolic link cannot be read"
        link=${link%"$newline"x}
        case $link in /*) target=$link ;; *) target=${target%/*}/$link ;; esac
    done
}

mount_point() {
    [ -r /proc/self/mountinfo ] || return 1
    # Thousands of mounts, and a shell that reads byte by byte, take a while; most names are not
    # there at all.
    case ${target##*/} in
    *[!A-Za-z0-9._-]*) ;;
    *) grep -qF "/${target##*/} " /proc/self/mountinfo || return 1 ;;
    esac
    canonical=$(printf '%s\n' "${directory%/}/${target##*/}" |
        sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g')
    while read -r _ _ _ _ mounted _; do
        [ "$mounted" != "$canonical" ] || return 0
    done </proc/self/mountinfo
    return 1
}

preflight() {
    acting test -e "$target" ||
        die "$FILE: no such file; give the path of a server.conf that exists"
    acting test -f "$target" || die "$FILE: is not a regular file"
    who=${become:+${actor_name:-the user number $actor}}
    who=${who:-$(id -un)}
    acting test -r "$target" || die "$FILE: cannot be read by $who; run as its owner or as root"
    acting test -w "$target" || die "$FILE: cannot be written by $who; run as its owner or as root"
    if ! acting test -w "$directory" || ! acting test -x "$directory"; then
        die "$directory: cannot be written by $who, but the file has to be replaced in one step from a copy beside it; allow that, or run as root"
    fi
    ! mount_point ||
        die "$FILE: is a mount point, which cannot be replaced in one step; mount its directory instead, or edit it where it comes from"
    refuse_open_store
}

# Only asked where something is wrong, as every healthy file would pay for it.
refuse_nul() {
    [ "$(acting cat "$target" | tr -d '\000' | wc -c)" -eq "$(size_now)" ] ||
        die "$FILE: contains NUL bytes (UTF-16, or no text); Zato reads UTF-8"
}

size_now() { acting wc -c "$target" | { read -r size _ && echo "$size"; }; }

limit_bytes=4194304
read_file() {
    content=$(acting head -c $limit_bytes "$target" && printf x) || die "$FILE: cannot be read"
    [ "${#content}" -le $limit_bytes ] ||
        die "$FILE: has over $limit_bytes bytes, so it is no server.conf"
}

still_the_same() {
    now=$(acting head -c $limit_bytes "$target" && printf x) && [ "$now" = "$content" ]
}

prepare() {
    stage "$target" ||
        die "$directory: the copy beside $FILE cannot be made (disk full?); $FILE is untouched"
    run file | fill "$bytes" ||
        die "$directory: the copy beside $FILE cannot be written (disk full?); $FILE is untouched"
    same_owner "$staged" "$target" ||
        die "$FILE: its owner or mode would change; run as its owner or as root; it is untouched"
}

# --- whose it is ---

# Sets whose: nobody, ours or other; owned_by and its store.
read_owner() {
    owner_file=$(beside "$target").$(printf '%s' "$STANZA" | tr -c 'A-Za-z0-9' '_')
    owned=$(acting head -c 4096 "$owner_file" 2>/dev/null | tr -cd '\012\040-\176')
    owned_by=$(printf '%s\n' "$owned" | sed -n 's/^owner //p' | head -n 1)
    owned_store=$(printf '%s\n' "$owned" | sed -n 's/^store //p' | head -n 1)
    owned_id=$(printf '%s\n' "$owned" | sed -n 's/^id //p' | head -n 1)
    if [ -z "$owned" ]; then
        whose=nobody
    elif [ "$owned_id" = "$id" ] ||
            [ "$owned_store" = "$(printf '%s' "$STORE" | tr -cd '\040-\176')" ]; then
        whose=ours
    else
        whose=other
    fi
}

owner_text() {
    printf '%s\n' "# Which deployment has set [$STANZA] in ${target##*/} (pulumi-redis-ha); its pulumi destroy deletes this file." \
        "owner $OWNER" "store $(printf '%s' "$STORE" | tr -cd '\040-\176')" "id $id"
}

refuse_other() {
    [ "$whose" != other ] ||
        die "$FILE: [$STANZA] is set by another deployment, ${owned_by:-unknown} (it remembers that in ${owned_store:-?}). Destroy that one first, or take the file out of its zato.serverConfs; if it is gone for good, delete $owner_file"
}

# Says who the owner is, unless that is said already.
claim_file() {
    [ "$owned" != "$(owner_text | tr -cd '\012\040-\176')" ] || return 0
    if make_staging "$target" && owner_text | put_beside "$target" "$owner_file"; then return 0; fi
    die "$owner_file: cannot be written (disk full?); $FILE is untouched"
}

# Sets changed, set_keys, back_keys, bytes and what to do to the store.
plan() {
    read_file
    planned=$(run plan) || {
        refuse_nul
        case $planned in error"$newline"*) die "$FILE: ${planned#error"$newline"}" ;; esac
        die "$FILE: awk failed"
    }
    read -r _ changed set_keys back_keys bytes_in bytes pending_bytes pending_save final_bytes \
        final_save <<END
$planned
END
    # The shell drops NUL bytes; anything else it loses should never be written back either.
    [ "$bytes_in" -eq "$(size_now)" ] || {
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

warnings() { notes 2>&1 | sed "s/^kvdb.sh: /warning: /; s/: warning: /: /"; }

replace() {
    prepare
    [ "$pending_save" = 0 ] || save pending "$pending_bytes" || die "$why; $FILE is untouched"
    [ "$action" = remove ] || claim_file
    still_the_same || { unstage; return 1; }
    why=$(publish "$target" 2>&1) || {
        # The entry speaks of an edit that did not happen.
        if [ -z "$found" ] && [ "$pending_save" = 1 ]; then
            save none 0
            acting rm -f "$owner_file"
        fi
        die "$FILE: cannot be replaced (${why##*: }); it is untouched. Is it a mount point, or protected?"
    }
    unstage
}

# Another program may write the file at any time: what we read has to be what we replace.
edit() {
    tries=0
    until plan && { [ "$action" = check ] || [ "$changed" = 0 ] || replace; }; do
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] ||
            die "$FILE: another program keeps writing it; try again when it is done"
    done
}

check_file() {
    read_owner
    refuse_other
    edit
    warnings
    overriding=$(
        { env; cat /etc/environment; } 2>/dev/null |
            sed -n "s/^\(Zato_Config_Server_server__conf_${STANZA}_[A-Za-z0-9_]*\)=.*/\1/p" |
            sort -u | tr '\n' ' '
    )
    [ -z "$overriding" ] ||
        echo \
            "warning: $FILE: the environment variables ${overriding}override it in Zato 3.2 and 3.3"
    if [ "$changed$pending_save$final_save" != 000 ] ||
            [ "$owned" != "$(owner_text | tr -cd '\012\040-\176')" ]; then
        exit 3
    fi
    exit 0
}

apply_file() {
    lock_beside "$target"
    find_entry
    load_entry
    read_owner
    refuse_other
    sweep_beside "$target"
    edit
    notes
    claim_file
    [ "$final_save" = 0 ] || save final "$final_bytes" ||
        die "$why; $FILE is edited, run this again"
    if [ "$changed" = 0 ]; then echo "$FILE: unchanged"; else echo "$FILE: $set_keys keys set"; fi
}

remove_file() {
    if ! acting test -e "$target"; then
        [ -z "$found" ] || say "$FILE: is gone, so there is nothing to put back"
        save none 0 || die "$why"
        read_owner
        [ "$whose" != ours ] || acting rm -f "$owner_file"
        exit 0
    fi
    if [ -z "$found" ]; then
        # An apply that was killed may have left something, its lock for one.
        if acting test -w "$directory"; then
            lock_beside "$target"
            sweep_beside "$target"
            read_owner
            if [ "$whose" = ours ]; then acting rm -f "$owner_file"; fi
        fi
        [ ! -d "$STORE" ] || { sweep_store; rmdir "$STORE" 2>/dev/null || :; }
        echo "$FILE: nothing of ours"
        exit 0
    fi
    preflight
    lock_beside "$target"
    read_owner
    if [ "$whose" = other ]; then
        say "$FILE: [$STANZA] is set by another deployment by now, ${owned_by:-unknown}; left as it is"
        save none 0 || die "$why"
        exit 0
    fi
    sweep_beside "$target"
    edit
    notes
    acting rm -f "$owner_file"
    [ "$final_save" = 0 ] || save final "$final_bytes" ||
        die "$why; $FILE is edited, run this again"
    echo "$FILE: $back_keys keys put back"
}

resolve
find_entry
load_entry
case $action in
check)
    preflight
    check_file
    ;;
apply)
    preflight
    apply_file
    ;;
remove) remove_file ;;
esac

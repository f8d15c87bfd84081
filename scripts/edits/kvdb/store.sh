# What is remembered of a file, in the stack's own directory. Needs lib/born.sh, lib/file-edit.sh,
# and run (kvdb.sh).

# What a killed run left in the store.
sweep_store() {
    for left_over in "$STORE/.kvdb".*; do
        case ${left_over##*.} in *[!0-9]* | '') continue ;; esac
        [ ! -f "$left_over" ] || [ -n "$(born "${left_over##*.}")" ] || rm -f "$left_over"
    done
}

# fsync, where sync can do it: the store has to be on the disk before the file is.
durable() { sync "$1" 2>/dev/null || :; }

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
    stored=end had_id='' had_by=''
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
        case $stored in
            'by '*)
                had_by=${stored#by } had_by=${had_by%%"$newline"*} stored=${stored#*"$newline"}
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

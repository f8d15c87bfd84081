# What is to change, and the change. Needs run (kvdb.sh), store.sh, target.sh and owner.sh.

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

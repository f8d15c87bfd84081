# Why the file can't be written, and whether sudo helps. Needs lib/plain.sh and target.sh.

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

# What is in the file, and what is to change. Needs run (hosts-entries.sh), and canonical
# (target.sh).

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

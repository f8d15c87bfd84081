# The file gets what is wanted: by a copy that takes its place, else where it stands. Needs
# lib/file-edit.sh, plan.sh and elevation.sh.

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

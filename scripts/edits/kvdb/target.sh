# The file: where it is, whether it can be edited, what is in it, and the copy beside it.
# Needs lib/file-edit.sh, and refuse_open_store (store.sh).

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
        die "$FILE: no such file; give the path of a $conf that exists"
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
        die "$FILE: has over $limit_bytes bytes, so it is no $conf"
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

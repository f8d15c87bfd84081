# Whose the stanza is, by the small file beside server.conf. Needs lib/file-edit.sh.

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
        die "$FILE: [$STANZA] is set by another deployment, ${owned_by:-unknown} (it remembers that in ${owned_store:-?}). Destroy that one first, or take it out of its $list; if it is gone for good, delete $owner_file"
}

# Says who the owner is, unless that is said already.
claim_file() {
    [ "$owned" != "$(owner_text | tr -cd '\012\040-\176')" ] || return 0
    if make_staging "$target" && owner_text | put_beside "$target" "$owner_file"; then return 0; fi
    die "$owner_file: cannot be written (disk full?); $FILE is untouched"
}

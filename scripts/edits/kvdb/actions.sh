# What check, apply and remove do to a file. Needs store.sh, target.sh, owner.sh and edit.sh.

check_file() {
    read_owner
    refuse_other
    overriding=$(
        { env; cat /etc/environment; } 2>/dev/null |
            sed -n "s/^\(Zato_Config_Server_server__conf_${STANZA}_[A-Za-z0-9_]*\)=.*/\1/p" |
            sort -u | tr '\n' ' '
    )
    edit
    warnings
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
    if [ -n "$found" ] && [ "$had_by" != "$ENVIRONMENT" ]; then
        say "$FILE: is listed ${had_by:+in an environment }by now; left as it is"
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

# Whether a scheduler's file that was found, and not listed, has nothing to do with Redis.
no_broker() {
    [ -n "$ENVIRONMENT" ] && [ "$STANZA" = broker ] && [ -z "$found" ] || return 1
    acting grep -q "^[[:blank:]]*\\[[[:blank:]\"']*broker" "$target" 2>/dev/null
    [ $? -eq 1 ]
}

one_file() {
    conf=server.conf list=zato.serverConfs
    [ "$STANZA" != broker ] || conf=scheduler.conf list=zato.schedulerConfs
    [ -z "$ENVIRONMENT" ] || list=zato.environments
    resolve
    find_entry
    if no_broker; then exit 0; fi
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
}

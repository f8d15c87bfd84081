# The files of a Zato environment, each as if it were listed. Needs one_file (actions.sh), set_traps
# (kvdb.sh).
#
# In an entry of the store stands by which environment the file was found: what is listed by itself
# since, or the other way round, is then not put back by the one that has it no more.

# Refused before not applied, not applied before applied.
worst=0
in_turn() {
    action=$1
    (
        set_traps
        one_file
    )
    case $? in
    0) ;;
    3) [ "$worst" = 1 ] || worst=3 ;;
    *) worst=1 ;;
    esac
}

all_files() {
    wanted=$action server_versions=$VERSIONS
    while :; do
        case $ENVIRONMENT in ?*/) ENVIRONMENT=${ENVIRONMENT%/} ;; *) break ;; esac
    done
    if [ "$wanted" = apply ]; then
        # One that is refused keeps all from being touched.
        each_file check >/dev/null
        [ "$worst" != 1 ] || exit 1
        worst=0
    fi
    each_file "$wanted"
    [ "$servers" -gt 0 ] || [ "$wanted" = remove ] ||
        die "$ENVIRONMENT: no server of Zato is in there, as there is no */config/repo/server.conf; give the directory of an environment, such as /opt/zato/env/qs-1"
    for left in "$STORE"/kvdb-*; do
        left_over "$left" || continue
        if [ "$wanted" = check ]; then [ "$worst" = 1 ] || worst=3; else in_turn remove; fi
    done
    exit "$worst"
}

each_file() {
    servers=0
    for FILE in "$ENVIRONMENT"/*/config/repo/server.conf \
            "$ENVIRONMENT"/*/config/repo/scheduler.conf; do
        [ -e "$FILE" ] || [ -L "$FILE" ] || continue
        # Another line would be another file to who reads it.
        case $FILE in *"$newline"*) die "$ENVIRONMENT: a name in there contains a newline" ;; esac
        case $FILE in
        */server.conf)
            STANZA=kvdb VERSIONS=$server_versions
            servers=$((servers + 1))
            ;;
        *)
            [ -n "$SCHEDULERS" ] || continue
            STANZA=broker VERSIONS=$SCHEDULERS
            ;;
        esac
        in_turn "$1"
    done
}

# Whether an entry is of a file of the environment that is to be put back. One that is gone may come
# back, with a mount for one: what was in it is remembered as long as the environment is. Sets FILE
# and STANZA.
left_over() {
    {
        read -r _ && read -r FILE && read -r STANZA && read -r _ && read -r line
    } 2>/dev/null <"$1" || return 1
    [ "$line" = "by $ENVIRONMENT" ] || return 1
    FILE=${FILE#file } STANZA=${STANZA#stanza }
    [ "$wanted" = remove ] || { [ "$STANZA" = broker ] && [ -z "$SCHEDULERS" ]; }
}

# The lock, which is waited for as long as it changes hands. Needs lib/born.sh, lib/file-edit.sh and
# target.sh.

# Of those who want it only one can make the directory; with an empty directory inside it that is
# named after the holder. A dead holder is removed by its name, so two who do it at once can not
# remove a third; and the outer one goes only when it is empty. Who waits, waits as long as it
# changes hands.
: "${most_seconds:=600}"
idle_seconds=60
acquire() {
    lock=$(beside "$canonical").lock
    # Where a directory can't be written, but a file that is mounted there: root has a place of its
    # own.
    if ! acting test -w "$directory"; then
        if [ "$myself" != 0 ] || [ -n "$become" ]; then
            die "$FILE: $directory cannot be written, so nobody can be kept from writing the file at the same time"
        fi
        mkdir -m 700 /run/pulumi-redis-ha 2>/dev/null
        lock_owner=$(facts_of /run/pulumi-redis-ha | { read -r mode _ uid _ && echo "$mode $uid"; })
        case $lock_owner in
            drwx------*\ 0) ;;
            *) die "$FILE: neither $directory nor /run/pulumi-redis-ha can hold a lock" ;;
        esac
        lock=/run/pulumi-redis-ha/$(printf '%s' "$canonical" |
            tr -c 'A-Za-z0-9._-' '-' | tail -c 120).lock
    fi
    # Processes have their numbers in one name space only.
    space=$(readlink /proc/self/ns/pid 2>/dev/null | tr -cd 0-9)
    lock_of_process=$$.$(born $$ | tr -cd A-Za-z0-9).${space:-0}
    began=$(date +%s) empty_looks=0 last='' told=0
    changed_at=$began
    while :; do
        if made=$(acting mkdir -m 755 "$lock" 2>&1); then
            if acting mkdir "$lock/$lock_of_process" 2>/dev/null; then
                locked=1
                others_at_work || return 0
                unlock_beside
            fi
        else
            acting test -d "$lock" || acting test -w "$directory" ||
                die "$FILE: cannot be locked: $(printf '%s\n' "$made" | plain)"
            others_at_work
            if [ -z "$holder" ]; then
                # Just made, just given up, or its maker died in between: which, only time tells.
                empty_looks=$((empty_looks + 1))
                [ "$empty_looks" -lt 20 ] || { acting rmdir "$lock" 2>/dev/null; empty_looks=0; }
            else
                empty_looks=0
            fi
        fi
        now=$(date +%s)
        [ "$holder" = "$last" ] || { last=$holder changed_at=$now; }
        if [ $((now - changed_at)) -ge $idle_seconds ] ||
                [ $((now - began)) -ge "$most_seconds" ]; then
            die "$FILE: waited $((now - began)) s for the lock $lock${holder:+, held by process $holder}; if nobody is at work on the file, delete that directory and try again"
        fi
        if [ $((now - began - told)) -ge 10 ]; then
            told=$((now - began))
            say "$FILE: waiting for the lock since $told s${holder:+; process $holder is at work on it}"
        fi
        nap
    done
}

# Which file FILE is, without links: target, directory and canonical; and with whose rights it is
# edited. Ends where it is gone. Needs lib/file-edit.sh.

# Whoever can put a link in the place of a directory or of a file on the way decides where it leads:
# root goes on with the rights of the first of them. Above that one all is root's, so that nobody
# can swap it meanwhile.
go_as_owner() {
    [ "$myself" = 0 ] && [ -z "$become" ] || return 0
    way='' rest=${1#/}
    while :; do
        way_facts=$(facts_of "${way:-}/.") || return 0
        read -r way_mode _ way_uid way_gid _ <<END
$way_facts
END
        if [ "$way_uid" != 0 ]; then
            act_in "${way:-/}"
            return
        fi
        case $way_mode in
            # Nobody but its owner can replace what is in there.
            d????????[tT]*)
                each_owner=$(facts_of "$way/${rest%%/*}" | { read -r _ _ uid _ && echo "$uid"; })
                case $rest:${each_owner:-0} in
                    */*:* | *:0) ;;
                    *) die "$FILE: is another user's, in a directory that everybody can write" ;;
                esac
                ;;
            d???????w*)
                die "$FILE: everybody can put something else into $way: root does not edit there"
                ;;
            d????w*)
                [ "$way_gid" = 0 ] ||
                    die "$FILE: the group $way_gid can put something else into $way: root does not edit there"
                ;;
        esac
        case $rest in */*) ;; *) return 0 ;; esac
        way=$way/${rest%%/*} rest=${rest#*/}
    done
}

target=$FILE hops=0
go_as_owner "$target"
while acting test -L "$target"; do
    hops=$((hops + 1))
    [ "$hops" -le 40 ] || die "$FILE: too many levels of symbolic links"
    link=$(acting readlink "$target" && printf x) || die "$FILE: the symbolic link cannot be read"
    link=${link%"$newline"x}
    case $link in /*) target=$link ;; *) target=${target%/*}/$link ;; esac
    go_as_owner "$target"
done
if ! acting test -e "$target"; then
    [ "$action" = remove ] || die "$FILE: no such file"
    say "$FILE: is gone, so there is nothing to remove"
    echo "$FILE: gone"
    exit 0
fi
acting test -f "$target" || die "$FILE: is not a regular file"
acting test -r "$target" ||
    die "$FILE: cannot be read by $(
        if [ -n "$become" ]; then
            echo "${actor_name:-user $actor}, whose directory it is in"
        else
            id -un
        fi
    )"
# shellcheck disable=SC2016
directory=$(acting sh -c 'cd -P "$1" && pwd -P' sh "${target%/*}/") ||
    die "$FILE: its directory cannot be entered"
canonical=${directory%/}/${target##*/}

# What a server with users reads besides its settings: the file `users.acl` beside them, which is
# ours and no server writes, and what it logs in with itself at others. Needs staged (trial.sh),
# read_credentials (lib/client.sh), and settings=.

# users_line FILE: the directive for it; nothing where there is no such file, or where it is none of
# ours: settings of whoever has no users of the stack's own may name one beside them.
users_line() { [ -z "$node_user" ] || [ ! -e "$1" ] || printf 'aclfile "%s"\n' "$1"; }

# node_access: the lines of a node.
node_access() {
  users_line "$settings/users.acl"
  [ -z "$replication_user" ] ||
    printf 'masteruser %s\nmasterauth %s\n' "$replication_user" "$replication_password"
}

# sentinel_access: the lines of a sentinel that are of no master.
sentinel_access() {
  users_line "$settings/users.acl"
  [ -z "$peer_user" ] ||
    printf 'sentinel sentinel-user %s\nsentinel sentinel-pass %s\n' "$peer_user" "$peer_password"
}

# master_access MASTER: those of a master that it watches.
master_access() {
  [ -z "$watching_user" ] ||
    printf 'sentinel auth-user %s %s\nsentinel auth-pass %s %s\n' \
      "$1" "$watching_user" "$1" "$watching_password"
}

# user_changes OLD NEW: commands that make the users of one file those of the other. No connection
# of a user whose rights stay is cut by them, as ACL LOAD would do.
user_changes() {
  awk '
    { name = $2; rest = $0; sub(/^user [^ ]+ /, "", rest) }
    FILENAME == ARGV[1] { was[name] = rest; next }
    { stays[name] }
    was[name] != rest { print "ACL SETUSER " name " reset " rest }
    END { for (name in was) if (!(name in stays)) print "ACL DELUSER " name }' "$1" "$2"
}

# set_users: the running server gets the users that are to be. 0: it has them; 1: only a restart can
# do that; 2: it does not take them (says why). What it is asked holds hashes, and is no argument.
set_users() {
  [ -e "$settings/users.acl.next" ] || return 0
  [ -e "$settings/users.acl" ] || return 1
  us_changes=$(user_changes "$settings/users.acl" "$settings/users.acl.next")
  [ -n "$us_changes" ] || return 0
  us_said=$(printf '%s\n' "$us_changes" |
    client "$ask_limit" "$address" "$port" 2>&1 | tr -d '\r' | grep -v '^$')
  case $(printf '%s\n' "$us_said" | grep -c -x -e OK -e 1 -e 0).$(count "$us_said") in
    "$(count "$us_changes").$(count "$us_changes")") ;;
    *)
      say "its users are not what they are to be. It says: $(
        printf '%s\n' "$us_said" | grep -v -x -e OK -e 1 -e 0 | one_line
      )" >&2
      return 2
      ;;
  esac
  say "set $(count "$us_changes") of its users, without a restart"
}

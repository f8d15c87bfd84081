# The one place that starts the client. A server may want a user and a password: those of nodes and
# of sentinels are in the file `credentials` beside the settings, where there is one. Needs cli,
# sentinels, kind, address and port.
#
#   read_credentials FILE           sets what is in that (components/access.ts), else all to nothing
#   client SECONDS ADDRESS PORT WORD...
#                                   runs it, for that long at most
#   log_in_at ADDRESS PORT          sets login_user and login_password for who listens there
#
# A password reaches the client in the environment of that one command: everybody on the machine can
# read arguments. Where the client goes on for longer, its first line says it (lib/links.sh).

# A hung server must not hang us. Where timeout(1) is missing (it is not in POSIX), go without.
# What is to end at once must not be able to ignore that, as the children of a hand-over ignore
# other signals.
if command -v timeout >/dev/null 2>&1; then
  limited() { timeout -s KILL "$@"; }
  limited_as() { REDISCLI_AUTH=$login_password timeout -s KILL "$@"; }
else
  limited() { shift; "$@"; }
  limited_as() { shift; REDISCLI_AUTH=$login_password "$@"; }
fi

read_credentials() {
  # A variable that came with the environment would be in that of all that is started here.
  unset node_user node_password sentinel_user sentinel_password login_user login_password \
    replication_user replication_password watching_user watching_password peer_user \
    peer_password REDISCLI_AUTH
  node_user='' node_password='' sentinel_user='' sentinel_password='' replication_user='' \
    replication_password='' watching_user='' watching_password='' peer_user='' peer_password=''
  # shellcheck source=/dev/null
  if [ -e "$1" ]; then . "$1"; fi
}

log_in_at() {
  login_user=$node_user login_password=$node_password
  case $kind."$1 $2" in
    sentinel."$address $port") ;;
    *)
      case "$sentinels$newline" in
        *" $1 $2$newline"*) ;;
        *) return 0 ;;
      esac
      ;;
  esac
  login_user=$sentinel_user login_password=$sentinel_password
}

client() {
  cl_limit=$1 cl_address=$2 cl_port=$3
  shift 3
  log_in_at "$cl_address" "$cl_port"
  if [ -z "$login_user" ]; then
    limited "$cl_limit" "$cli" -h "$cl_address" -p "$cl_port" "$@"
  else
    limited_as "$cl_limit" "$cli" -h "$cl_address" -p "$cl_port" --user "$login_user" "$@"
  fi
}

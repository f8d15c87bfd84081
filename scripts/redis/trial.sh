# trial_settings FILE...: the settings as a server that only tries them may have them: in a
# directory of its own, without data, without anybody to follow, and where nobody can talk to it.
# What it may read stays what it is, by its full name.
trial_settings() {
  cat "$@" | awk -v base="$directory" '
    { key = tolower($1); gsub(/["\047]/, "", key) }
    # Where the server is, what it writes, whom it talks to, and what would be run.
    key ~ /^(bind|port|tls-port|unixsocket|unixsocketperm|dir|logfile|pidfile|daemonize|supervised|appendonly|replicaof|slaveof|include)$/ { next }
    key ~ /^(cluster-|syslog-|masterauth$|masteruser$)/ || key ~ /announce-/ { next }
    key == "sentinel" &&
      ($2 ~ /announce-|^(myid|monitor|known-.*|notification-script|client-reconfig-script)$/) {
      next
    }
    key ~ /^(aclfile|loadmodule|tls-.*-file|tls-ca-cert-dir)$/ {
      rest = $0
      sub(/^[^ \t]+[ \t]+/, "", rest)
      quoted = rest ~ /^["\047]/
      if (substr(rest, 1 + quoted, 1) != "/" && rest != "\"\"") {
        mark = quoted ? substr(rest, 1, 1) : "\""
        if (quoted) rest = mark base "/" substr(rest, 2)
        else {
          end = index(rest " ", " ")
          rest = mark base "/" substr(rest, 1, end - 1) mark substr(rest, end)
        }
      }
      print $1 " " rest
      next
    }
    { print }'
  if [ "$kind" = node ]; then
    echo 'save ""'
    echo 'appendonly no'
  fi
  # By a name relative to its directory: a socket can have no long one.
  printf '%s\n' 'port 0' 'unixsocket trial.sock' 'daemonize no' 'logfile ""' \
    "dir \"$directory/$trial\""
}

# runnable_scripts FILE: a sentinel would run these at once; that they are there is all there is to
# try.
runnable_scripts() {
  while read -r r_word r_option r_master r_path; do
    case "$r_word $r_option" in
      'sentinel notification-script' | 'sentinel client-reconfig-script')
        r_path=$(printf '%s\n' "$r_path" | sed 's/^"\(.*\)"$/\1/')
        if [ ! -x "$r_path" ] || [ -d "$r_path" ]; then
          refuse "refused before anything was changed: $r_option $r_path of $r_master is no program that can be run on $host"
        fi
        ;;
    esac
  done <"$1"
}

sockets_can_be_made() {
  socket=$(sed -n 's/^unixsocket  *"\{0,1\}\([^"]*\)"\{0,1\} *$/\1/p' "$1" | tail -n 1)
  case $socket in '') return 0 ;; */*) ;; *) socket=./$socket ;; esac
  if [ ! -d "${socket%/*}/" ] || [ ! -w "${socket%/*}/" ]; then
    refuse "refused before anything was changed: unixsocket $socket cannot be made on $host: ${socket%/*} is no directory that the server can write to"
  fi
}

# staged FILE: what a step is about to put in its place, else what is there.
staged() {
  if [ -e "$settings/$1.next" ]; then echo "$settings/$1.next"; else echo "$settings/$1"; fi
}

# trial: does this server take these settings? Asked of the server itself, before anything is
# stopped for them.
trial() {
  command -v "$server" >/dev/null || refuse "the program $server is missing on $host"
  # Before those that are to be take the place of those that were.
  # shellcheck source=/dev/null
  [ "$kind" = node ] || [ ! -s "$settings/parameters" ] || (. "$settings/parameters" && remember) ||
    refuse "cannot write $directory/members"
  for left in .trial.*; do
    [ ! -d "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
  writer=keep
  if [ "$kind" = node ]; then may_take_over; fi
  trial=.trial.$$ trial_pid=
  rm -rf "$trial"
  trap 'end_trial' EXIT
  trap 'exit 1' HUP INT TERM
  mkdir "$trial" || refuse "cannot write to $directory"
  trial_files=$(staged settings.conf) trial_mode=
  if [ "$kind" = sentinel ]; then
    runnable_scripts "$(staged masters.conf)"
    trial_files="$trial_files $(staged masters.conf)" trial_mode=--sentinel
  fi
  sockets_can_be_made "$(staged settings.conf)"
  # A port of this machine that nobody listens on is the master: nobody is asked, and nobody hears
  # of this sentinel.
  # shellcheck disable=SC2086
  trial_conf=$(
    printf '%s\n' "$monitored" |
      sed -n 's/^\([^ ]*\) [^ ]* \([0-9]*\)$/sentinel monitor \1 127.0.0.1 1 \2/p'
    trial_settings $trial_files
    users_line "$(staged users.acl)"
  )
  printf '%s\n' "$trial_conf" >"$trial/trial.conf" || refuse "cannot write to $directory"
  # What is put aside at the start need not be read.
  if [ "$kind.$writer" = node.keep ]; then
    same_format >"$trial/$rdb_name" || refuse "cannot write to $directory"
    [ -s "$trial/$rdb_name" ] || rm -f "$trial/$rdb_name"
  fi
  # shellcheck disable=SC2086
  "$server" "$directory/$trial/trial.conf" $trial_mode </dev/null >"$trial/said" 2>&1 &
  trial_pid=$!
  trial_until=$(($(date +%s) + ready_limit))
  # Any reply will do: one that wants a password has read its settings, too.
  until [ -n "$(
    cd "$trial" && limited "$ask_limit" "$cli" -s trial.sock PING </dev/null 2>/dev/null
  )" ]; do
    if ! kill -0 "$trial_pid" 2>/dev/null; then
      wait "$trial_pid"
      trial_reads=
      if grep -q "Can't handle RDB format" "$trial/said"; then
        trial_reads=", and can't read the data here, which a newer server has written"
      fi
      trial_said=$(
        grep -v -e '^$' -e 'oO0OoO0Oo' -e 'just started' -e 'Configuration loaded' "$trial/said" |
          tail -n 12 | sed "s|$directory/$trial|DIRECTORY|g; s/^/  | /"
      )
      refuse "refused before anything was changed: $server does not start with these settings$trial_reads. It says:
${trial_said:-  nothing}"
    fi
    [ "$(date +%s)" -lt $trial_until ] ||
      refuse "refused before anything was changed: $server, tried with these settings, neither answered nor ended within $ready_limit s"
    sleep 0.05
  done
}

end_trial() {
  if [ -n "$trial_pid" ] && kill -KILL "$trial_pid" 2>/dev/null; then
    wait "$trial_pid" 2>/dev/null
  fi
  rm -rf "$trial"
}

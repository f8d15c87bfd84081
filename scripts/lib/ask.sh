# Questions to servers, and what is an answer.

newline='
'

# use lib/client.sh

# ask ADDRESS PORT COMMAND...: what the client prints, an error reply as well as an answer; nothing
# if nobody replies. Good for comparing with the one reply that is wanted, and for nothing else: see
# answer.
ask() {
  client "$ask_limit" "$@" </dev/null 2>/dev/null | tr -d '\r'
}
ask_me() { ask "$address" "$port" "$@"; }
field() { sed -n "s/^$1://p"; }

# answer FORM ADDRESS PORT COMMAND...: succeeds, with answer set, if the reply has the form that an
# answer has. Whatever else is said is no answer: an error reply (no client slot left, a script that
# runs, a load, a password that is wanted), a connection that is cut, silence. Then no_answer says
# what there was instead, and gone is 1 if nobody listens there. FORM: info (INFO), address (two
# lines, or none where that master is not known), fields (a list that begins with "name"), list
# (such a list, or an empty one), quorum (CKQUORUM says that there is one), tilt (INFO of a
# sentinel), setting and yes-no (CONFIG GET of a number, or of what is yes or no), or the one line
# that is wanted.
answer() {
  a_form=$1
  shift
  answer=$({
    client "$ask_limit" "$@" </dev/null 2>&1
    echo "=$?"
  } | tr -d '\r')
  a_status=${answer##*=} no_answer='' gone=''
  answer=${answer%=*}
  answer=${answer%"$newline"}
  if [ "$a_status" -eq 0 ] && has_form "$a_form" "$answer"; then return; fi
  case $a_status.$answer in
    124.* | 137.* | 143.*) no_answer="no answer within $ask_limit s" ;;
    [1-9]*'Connection refused'*) no_answer='nobody listens there' gone=1 ;;
    *) no_answer=$(printf '%s\n' "$answer" | one_line) ;;
  esac
  no_answer=${no_answer:-an empty reply} answer=
  return 1
}
answer_me() {
  m_form=$1
  shift
  answer "$m_form" "$address" "$port" "$@"
}

has_form() {
  case $1 in
    info)
      case $2 in
        *role:master"$newline"*'# Keyspace'* | *role:slave"$newline"*'# Keyspace'*) ;;
        *) return 1 ;;
      esac
      ;;
    address)
      case $2 in
        '') return ;;
        *"$newline"*"$newline"* | *[!0-9]) return 1 ;;
        ?*"$newline"[0-9]*) ;;
        *) return 1 ;;
      esac
      ;;
    fields) case $2 in name"$newline"?*) ;; *) return 1 ;; esac ;;
    list) case $2 in '' | name"$newline"?*) ;; *) return 1 ;; esac ;;
    quorum) case $2 in 'OK '[0-9]*' usable'*) ;; *) return 1 ;; esac ;;
    tilt) case "$newline$2" in *"${newline}sentinel_tilt:"[0-9]*) ;; *) return 1 ;; esac ;;
    setting) case $2 in ?*"$newline"[0-9]*) ;; *) return 1 ;; esac ;;
    yes-no) case $2 in ?*"$newline"yes | ?*"$newline"no) ;; *) return 1 ;; esac ;;
    *) [ "$2" = "$1" ] ;;
  esac
}

# What others say, as it may stand in a message: one line, no control characters, not endless.
one_line() { head -c 4096 | tr '\n' ' ' | tr -d '\000-\037\177' | cut -c 1-200 | sed 's/ *$//'; }

# answers TAG LIST FORM COMMAND...: asks everyone in LIST ("name host address port" a line) at once.
# A line "TAG NAME +" for one who answered, with "TAG NAME = LINE" for each line of it; "TAG NAME -"
# where nobody listens; else "TAG NAME ! TEXT". No file is needed for it: it works on a full disk,
# too.
answers() {
  s_tag=$1 s_list=$2
  shift 2
  while read -r s_name _ s_address s_port; do
    [ -z "$s_name" ] || tell "$s_tag $s_name" "$s_address" "$s_port" "$@" &
  done <<EOT
$s_list
EOT
  wait
}

# Line by line, each in one piece: others write to the same pipe.
tell() {
  t_tag=$1 t_address=$2 t_port=$3 t_form=$4
  shift 4
  if answer "$t_form" "$t_address" "$t_port" "$@"; then
    printf '%s\n' "$answer" |
      awk -v tag="$t_tag" \
        'BEGIN { print tag " +"; fflush() } { print tag " = " substr($0, 1, 2000); fflush() }'
  elif [ -n "$gone" ]; then
    printf '%s -\n' "$t_tag"
  else
    printf '%s ! %s\n' "$t_tag" "$no_answer"
  fi
}

# node_at HOST PORT: the name of the node that is reached there, by host name or address.
node_at() {
  while read -r at_name at_host at_address at_port; do
    if [ "$at_port" = "$2" ] && { [ "$at_host" = "$1" ] || [ "$at_address" = "$1" ]; }; then
      echo "$at_name"
      return
    fi
  done <<EOT
$nodes
EOT
  echo "$1:$2"
}

# where LIST NAME: "address port" of the one of that name.
where() {
  printf '%s\n' "$1" | while read -r w_name _ w_address w_port; do
    [ "$w_name" = "$2" ] && echo "$w_address $w_port"
  done
}
# By the shell alone, as what is below: a check has enough programs to start.
count() {
  c_lines=0
  while IFS= read -r c_line; do [ -z "$c_line" ] || c_lines=$((c_lines + 1)); done <<EOT
$1
EOT
  echo $c_lines
}
# each_with WORD LIST: the lines of the list with that word in front.
each_with() {
  while IFS= read -r ew_line; do printf '%s %s\n' "$1" "$ew_line"; done <<EOT
$2
EOT
}

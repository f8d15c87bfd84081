# What the server of this process replies, errors too, and what that says of a setting. Needs
# client (lib/client.sh).

# judge_set REPLY: what the reply to CONFIG SET or SENTINEL SET says of a setting: set, restart
# (only that can do it) or refused. Anything else, or nothing, is no answer.
judge_set() {
  case $1 in
    OK) echo set ;;
    # 2.8 to 6.2 say "Unsupported" of all that is not to be set at run time, 7 and later tell why.
    'ERR Unsupported CONFIG parameter'* | 'ERR Unknown option '* | 'ERR Unknown sentinel option'*)
      echo restart
      ;;
    'ERR CONFIG SET failed'*"can't set immutable config"* | \
      'ERR CONFIG SET failed'*"can't set protected config"*)
      echo restart
      ;;
    'ERR Reconfiguration of scripts path is denied'* | 'ERR No such master with that name'*)
      echo restart
      ;;
    'ERR Invalid argument'* | 'ERR CONFIG SET failed'* | 'ERR '*'script seems non existing'* | \
      'ERR The operating system is not able'* | 'ERR Syntax error'* | 'ERR syntax error'*)
      echo refused
      ;;
    'ERR Unable to '* | 'ERR Failed '* | 'ERR wrong number of arguments'* | \
      'ERR Wrong number of arguments'*)
      echo refused
      ;;
    *) echo unknown ;;
  esac
}

# reply_to COMMAND...: the first line of whatever this process replies, an error, too.
reply_to() {
  client "$ask_limit" "$address" "$port" "$@" </dev/null 2>&1 | tr -d '\r' | head -n 1
}

# any_reply: what this process replies to PING, an error, too; nothing where there is nobody, or
# nobody answers.
any_reply() {
  client "$ask_limit" "$address" "$port" PING </dev/null 2>/dev/null | head -n 1 |
    grep -v -e '^Could not connect' -e '^Error: ' -e '^Terminated'
}

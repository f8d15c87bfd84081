# Logs in to a machine, whose key is checked, and runs the text of a look there as root; read by sh
# from standard input on the machine that runs Pulumi. Before it stand assignments: config=
# (ssh_config with Host target and maybe bastion;
# @known@.NAME in it is the file of known keys, @key@.NAME that of key_NAME), key_target=,
# key_bastion= (private keys, if they are to be files as long as this runs, in a directory of its
# own that nobody else may read), target=, bastion= ("ADDRESS PORT KEY": a fingerprint, a key,
# unchecked, or nothing for what known_hosts has), known_hosts=, become= (words in front of the
# remote sh), look= (the text to run), limit= (seconds, 12 unless given). Prints what the look
# prints, and lines "KEY value" of its own for hosts/ssh/.
set -u
umask 077
LC_ALL=C
export LC_ALL
: "${config:?}" "${target:?}" "${known_hosts:?}" "${look:?}" "${bastion:=}" "${become:=}" \
  "${limit:=12}" "${key_target:=}" "${key_bastion:=}"

refused() { echo "refused.$1 $(printf '%s' "$2" | tr '\n' '\037')"; }
if command -v timeout >/dev/null; then
  limited() { timeout "$@"; }
else
  limited() { shift; "$@"; }
fi
for program in ssh ssh-keygen ssh-keyscan; do
  command -v $program >/dev/null || {
    refused connection "the program $program is missing on the machine that runs Pulumi"
    exit 0
  }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

keys() { sed -n 's/^[^#@ ]* *\(\(ssh\|ecdsa\)-[a-z0-9-]* [A-Za-z0-9+\/=]*\).*/\1/p'; }

# scan NAME ADDRESS PORT TYPE: the key of that type that it shows. Behind a bastion ssh itself has
# to ask, without logging in.
scan() {
  if [ "$1" = target ] && [ -n "$bastion" ]; then
    case $4 in
      ed25519) s_algorithm=ssh-ed25519 ;;
      ecdsa) s_algorithm=ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521 ;;
      *) s_algorithm=rsa-sha2-512,rsa-sha2-256 ;;
    esac
    limited 6 ssh -F "$work/config" -o "HostKeyAlgorithms=$s_algorithm" \
      -o StrictHostKeyChecking=no -o UpdateHostKeys=no \
      -o UserKnownHostsFile="$work/scanned" -o PreferredAuthentications=none target true \
      </dev/null >/dev/null 2>&1
    cat "$work/scanned" 2>/dev/null
    rm -f "$work/scanned"
  else
    limited 6 ssh-keyscan -T 5 -t "$4" -p "$3" "$2" 2>/dev/null
  fi | keys
}

# scan_for NAME ADDRESS PORT FINGERPRINT: that key, if it shows one; all that it showed is in
# shown.NAME. One after the other, and more than once: a server lets only some logins be under way,
# and refuses others for a moment (MaxStartups).
scan_for() {
  : >"$work/shown.$1"
  for s_try in 1 2 3; do
    for s_type in ed25519 ecdsa rsa; do
      s_began=$(date +%s)
      s_key=$(scan "$1" "$2" "$3" $s_type)
      if [ -n "$s_key" ]; then
        echo "$s_key" >>"$work/shown.$1"
        case $(echo "$s_key" | prints) in "$4 "*) echo "$s_key" && return ;; esac
      elif [ $(($(date +%s) - s_began)) -ge 3 ]; then
        return
      fi
    done
    if [ $s_try -eq 3 ] || [ "$(sort -u "$work/shown.$1" | grep -c .)" -eq 3 ]; then return; fi
    sleep 1
  done
}

# prints: of the keys on standard input, "SHA256:... (TYPE)" a line.
prints() {
  while read -r p_key; do
    echo "$p_key" | ssh-keygen -lf - 2>/dev/null
  done | sed 's/^[0-9]* \(SHA256:[^ ]*\) .*\( (.*)\)$/\1\2/'
}

# keys_of NAME ADDRESS PORT KEY...: the keys by which that machine is to be known.
keys_of() {
  k_scanned=$1 k_address=$2 k_port=$3
  shift 3
  case $* in
    unchecked) ;;
    SHA256:*) scan_for "$k_scanned" "$k_address" "$k_port" "$1" ;;
    '')
      if [ "$k_port" = 22 ]; then k_name=$k_address; else k_name="[$k_address]:$k_port"; fi
      [ ! -r "$known_hosts" ] || ssh-keygen -F "$k_name" -f "$known_hosts" 2>/dev/null | keys
      ;;
    *) echo "x $*" | keys ;;
  esac
}

# know NAME ADDRESS PORT KEY...: writes them where ssh looks for NAME.
know() {
  found=$(keys_of "$@")
  printf '%s\n' "$found" | sed -n "s/^./$1 &/p" >>"$work/known.$1"
  [ -n "$found" ] || [ "${4:-}" = unchecked ] || {
    [ -e "$work/shown.$1" ] || scan_for "$1" "$2" "$3" ''
    shown=$(sort -u "$work/shown.$1" | prints)
    if [ -n "$shown" ]; then
      k_name=$1
      shift 3
      refused "key.$k_name" "wanted $*$newline$shown"
    else
      refused connection "no SSH server answers at $2, port $3, within 5 s"
    fi
    exit 0
  }
}

newline='
'
printf '%s' "$key_target" >"$work/key.target"
printf '%s' "$key_bastion" >"$work/key.bastion"
printf '%s' "$config" | sed "s|@known@|$work/known|; s|@key@|$work/key|" >"$work/config"
# shellcheck disable=SC2086
[ -z "$bastion" ] || know bastion $bastion
# shellcheck disable=SC2086
know target $target
l_until=$(($(date +%s) + limit)) l_try=1
while :; do
  l_left=$((l_until - $(date +%s)))
  printf '%s\n' "$look" |
    limited $((l_left > 1 ? l_left : 1)) ssh -F "$work/config" target "${become}sh -s" \
      2>"$work/lines"
  status=$?
  tr -d '\r' <"$work/lines" >"$work/said"
  # Refused for a moment, as above.
  if [ "$status" -ne 255 ] || [ $l_try -eq 3 ]; then break; fi
  grep -q -e kex_exchange_identification -e 'Connection closed' -e 'Connection reset' \
    "$work/said" || break
  l_try=$((l_try + 1))
  sleep 1
done
for name in bastion target; do
  # A key that is known, by hostKey or known_hosts, and is another one than it shows.
  if [ "$status" -ne 0 ] && grep -q "Host key for $name has changed" "$work/said"; then
    wanted=$(sed -n "s/^$name //p" "$work/known.$name" | prints | tr '\n' ' ')
    refused "key.$name" "wanted $wanted$newline$(sed -n 's/^\(SHA256:.*\)\.$/\1/p' "$work/said")"
    exit 0
  fi
done
# able NAME ADDRESS PORT KEY...: refuses a machine of which no key is known that the plugin can ask
# for; one that it showed before anybody was logged in is not proved.
able() {
  if [ "${4:-}" = unchecked ] ||
      grep -q -e "^$1 ssh-ed25519 " -e "^$1 ecdsa-" "$work/known.$1"; then
    return
  fi
  scan_for "$1" "$2" "$3" '' >/dev/null
  refused "type.$1" "$(sort -u "$work/shown.$1" | prints)"
}
if [ "$status" -eq 0 ]; then
  # shellcheck disable=SC2086
  [ -z "$bastion" ] || able bastion $bastion
  # shellcheck disable=SC2086
  able target $target
fi
[ "$status" -eq 0 ] ||
  refused connection \
    "$(cat "$work/said")$([ "$status" -ne 124 ] || echo "no answer within $limit s")"
# With those that the server proved, in that connection, to have as well (UpdateHostKeys).
for name in target bastion; do
  echo "keys.$name $(sed -n "s/^$name //p" "$work/known.$name" 2>/dev/null | tr '\n' '\037')"
done

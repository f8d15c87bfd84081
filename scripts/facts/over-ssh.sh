# Logs in to a machine, whose key is checked, and runs the text of a look there as root; read by sh
# from standard input on the machine that runs Pulumi. Before it stand assignments: config=
# (ssh_config with Host target and maybe bastion;
# @known@.NAME in it is the file of known keys, @key@.NAME that of key_NAME), key_target=,
# key_bastion= (private keys, if they are to be files as long as this runs, in a directory of its
# own that nobody else may read), target=, bastion= ("ADDRESS PORT KEY": a fingerprint, a key,
# unchecked, or nothing for what known_hosts has), known_hosts=, kept= (a directory for keys that
# were found for a fingerprint, or nothing), become= (words in front of the remote sh), look= (the
# text to run), limit= (seconds, 30 unless given). Prints what the look prints, and lines
# "KEY value" of its own for hosts/ssh/.
set -u
umask 077
LC_ALL=C
export LC_ALL
: "${config:?}" "${target:?}" "${known_hosts:?}" "${look:?}" "${bastion:=}" "${become:=}" \
  "${limit:=30}" "${key_target:=}" "${key_bastion:=}" "${kept:=}"

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

# use facts/over-ssh/keys.sh

newline='
'
printf '%s' "$key_target" >"$work/key.target"
printf '%s' "$key_bastion" >"$work/key.bastion"
printf '%s' "$config" | sed "s|@known@|$work/known|; s|@key@|$work/key|" >"$work/config"
# look_there: sets status, and said has what ssh says.
look_there() {
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
}
look_there
# It has other keys now than when one of it was kept.
if [ "$status" -eq 255 ] && [ -n "$kept" ] && grep -q 'Host key verification failed' "$work/said"
then
  kept=''
  rm -f "$work"/known.*
  look_there
fi
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
for name in target ${bastion:+bastion}; do
  echo "keys.$name $(sed -n "s/^$name //p" "$work/known.$name" 2>/dev/null | tr '\n' '\037')"
done

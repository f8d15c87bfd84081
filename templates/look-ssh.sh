# Logs in to a machine, whose key is checked, and runs the text of a look there as root; read by sh from standard input
# on the machine that runs Pulumi. Before it stand assignments: config= (ssh_config with Host target and maybe bastion;
# @known@ in it is the file of known keys), target=, bastion= ("ADDRESS PORT KEY": a fingerprint, a key, unchecked, or
# nothing for what known_hosts has), known_hosts=, become= (words in front of the remote sh), look= (the text to run),
# limit= (seconds, 14 unless given).
# Prints what the look prints, and lines "KEY value" of its own for hosts/ssh/.
set -u
umask 077
LC_ALL=C
export LC_ALL
: "${config:?}" "${target:?}" "${known_hosts:?}" "${look:?}" "${bastion:=}" "${become:=}" "${limit:=14}"

refused() { echo "refused.$1 $(printf '%s' "$2" | tr '\n' '\037')"; }
if command -v timeout >/dev/null; then limited() { timeout "$@"; }; else limited() { shift; "$@"; }; fi
for program in ssh ssh-keygen ssh-keyscan; do
  command -v $program >/dev/null || { refused connection "the program $program is missing on the machine that runs Pulumi"; exit 0; }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

keys() { sed -n 's/^[^#@ ]* *\(\(ssh\|ecdsa\)-[a-z0-9-]* [A-Za-z0-9+\/=]*\).*/\1/p'; }

# scan ADDRESS PORT: the keys that it shows, asked for once.
scan() {
  [ -e "$work/scan.$1" ] || limited 8 ssh-keyscan -T 7 -p "$2" "$1" 2>/dev/null | keys >"$work/scan.$1"
  cat "$work/scan.$1"
}

# keys_of ADDRESS PORT KEY...: the keys by which that machine is to be known.
keys_of() {
  k_address=$1 k_port=$2
  shift 2
  case $* in
    unchecked) ;;
    SHA256:*)
      scan "$k_address" "$k_port" | while read -r key; do
        case $(echo "$key" | ssh-keygen -lf - 2>/dev/null) in *" $1 "*) echo "$key" ;; esac
      done
      ;;
    '')
      if [ "$k_port" = 22 ]; then k_name=$k_address; else k_name="[$k_address]:$k_port"; fi
      [ ! -r "$known_hosts" ] || ssh-keygen -F "$k_name" -f "$known_hosts" 2>/dev/null | keys
      ;;
    *) echo "x $*" | keys ;;
  esac
}

# know NAME ADDRESS PORT KEY...: writes them where ssh looks for NAME.
know() {
  k_name=$1
  shift
  found=$(keys_of "$@")
  printf '%s\n' "$found" | sed -n "s/^./$k_name &/p" >>"$work/known"
  [ -n "$found" ] || [ "${3:-}" = unchecked ] || {
    shown=$(scan "$1" "$2" | while read -r key; do echo "$key" | ssh-keygen -lf - 2>/dev/null | cut -d ' ' -f 2,4; done)
    if [ -n "$shown" ]; then refused "key.$k_name" "${3:-} $shown"; else refused connection "no SSH server answers at $1, port $2, within 7 s"; fi
    exit 0
  }
}

# shellcheck disable=SC2086
[ -z "$bastion" ] || know bastion $bastion
# shellcheck disable=SC2086
know target $target
printf '%s' "$config" | sed "s|@known@|$work/known|" >"$work/config"
printf '%s\n' "$look" | limited "$limit" ssh -F "$work/config" target "${become}sh -s" 2>"$work/said"
status=$?
[ $status -eq 0 ] || refused connection "$(cat "$work/said")$([ $status -ne 124 ] || echo "no answer within $limit s")"
# With those that the server proved, in that connection, to have as well (UpdateHostKeys).
for name in target bastion; do
  echo "keys.$name $(sed -n "s/^$name //p" "$work/known" 2>/dev/null | tr '\n' '\037')"
done

# The keys by which a machine is known: those that it shows, and those that it is to have. Needs
# refused, limited, work=, kept= and newline=.

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
    limited 11 ssh -F "$work/config" -o "HostKeyAlgorithms=$s_algorithm" \
      -o StrictHostKeyChecking=no -o UpdateHostKeys=no \
      -o UserKnownHostsFile="$work/scanned" -o PreferredAuthentications=none target true \
      </dev/null >/dev/null 2>&1
    cat "$work/scanned" 2>/dev/null
    rm -f "$work/scanned"
  else
    limited 11 ssh-keyscan -T 10 -t "$4" -p "$3" "$2" 2>/dev/null
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
        ! has_print "$4" "$s_key" || { echo "$s_key" && return; }
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

# has_print FINGERPRINT KEY: it is of that key.
has_print() {
  case $(echo "$2" | ssh-keygen -lf - 2>/dev/null) in *" $1 "*) ;; *) return 1 ;; esac
}

# keys_of NAME ADDRESS PORT KEY...: the keys by which that machine is to be known.
keys_of() {
  k_scanned=$1 k_address=$2 k_port=$3
  shift 3
  case $* in
    unchecked) ;;
    SHA256:*)
      k_kept=$kept/$(printf '%s' "$1" | tr / _)
      k_key=''
      [ -z "$kept" ] || [ ! -f "$k_kept" ] || read -r k_key <"$k_kept"
      # Nothing else than that key has that fingerprint, whoever wrote the file.
      ! has_print "$1" "$k_key" || { echo "$k_key" && return; }
      k_key=$(scan_for "$k_scanned" "$k_address" "$k_port" "$1")
      [ -n "$k_key" ] || return 0
      echo "$k_key"
      [ -z "$kept" ] || {
        mkdir -p "$kept" && echo "$k_key" >"$k_kept.$$" && mv "$k_kept.$$" "$k_kept"
      } 2>/dev/null
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
      refused connection "no SSH server answers at $2, port $3, within 10 s"
    fi
    exit 0
  }
}

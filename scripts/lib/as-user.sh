# as_user WORD...: runs that as $user, who may mean harm, for $as_limit seconds at most, with an
# environment of its own (root's may hold passphrases). What it says comes through files that it
# can't read: whoever keeps a pipe open would hold us for ever. It is cut at 64 KiB, and control
# characters are left out. Needs user= and as_limit=.
as_user() (
  as_words=
  for as_word in "$@"; do
    case $as_word in
      *"'"*) as_words="$as_words '$(printf '%s\n' "$as_word" | sed "s/'/'\\\\''/g")'" ;;
      *) as_words="$as_words '$as_word'" ;;
    esac
  done
  as_work=$(mktemp -d) || exit 1
  trap 'rm -rf "$as_work"' EXIT
  trap 'exit 1' HUP INT TERM
  if command -v timeout >/dev/null; then as_timeout="timeout -k 10 $as_limit"; else as_timeout=; fi
  # shellcheck disable=SC2086
  env -i PATH="$PATH" ${TZ:+"TZ=$TZ"} $as_timeout su -s /bin/sh "$user" -c "exec $as_words" \
    >"$as_work/out" 2>"$as_work/err"
  as_status=$?
  [ ! -s "$as_work/out" ] || plain <"$as_work/out"
  [ ! -s "$as_work/err" ] || plain <"$as_work/err" >&2
  [ $as_status -ne 124 ] || echo "no end within $as_limit s" >&2
  exit $as_status
)

# plain: without control characters, those of eight bits in UTF-8 among them; lines and tabs stay.
plain() { head -c 65536 | tr -d '\000-\010\013-\037\177' | sed "s/$(printf '\302[\200-\237]')//g"; }

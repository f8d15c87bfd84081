# A deployment that is paused has a file .paused in each host's directory: one line, since when, by
# whom and why. Nothing that `pulumi up` asks for is done there meanwhile (docs/decisions/0014).

# paused_in DIRECTORY: that line; 1 where there is no such mark. Whatever else there is under that
# name says that somebody meant something.
paused_in() {
  if [ -L "$1/.paused" ] || [ ! -f "$1/.paused" ]; then
    [ -L "$1/.paused" ] || [ -e "$1/.paused" ] || return 1
    echo "? ? $1/.paused is no file"
    return 0
  fi
  paused_line=$(head -n 1 "$1/.paused" 2>/dev/null | cut -c 1-400 | tr -d '\000-\037\177')
  # A shell's echo may take a backslash for a control character.
  printf '%s\n' "${paused_line:-? ? nobody can tell: $1/.paused cannot be read}"
}

# not_paused DIRECTORY: refuses a step there where it is.
not_paused() {
  paused_now=$(paused_in "$1") || return 0
  paused_since=${paused_now%% *} paused_now=${paused_now#* }
  printf 'paused since %s by %s: %s. %s\n' "$paused_since" "${paused_now%% *}" \
    "${paused_now#* }" \
    'Nothing was done here; npm run resume ends the pause, and the next pulumi up does what is left' \
    >&2
  exit 1
}

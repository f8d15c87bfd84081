# How long it takes to load an append-only file. Needs append-only.sh.

# note_load INFO: of a server that loads, or has loaded: the file "load": "SECONDS BYTES", what it
# took this time; nothing is noted of what was over before anybody looked.
note_load() {
  lt_began=$(printf '%s\n' "$1" | field loading_start_time)
  case $1 in
    *"${newline}loading:1"*) load_began=$lt_began ;;
    *)
      [ -n "${load_began:-}" ] || return 0
      lt_took=$(($(date +%s) - load_began))
      { echo "$lt_took $(bytes_in bi)" >load.new && mv load.new load; } 2>/dev/null
      load_began=
      ;;
  esac
}

# note_expected: the file "loads-in": the seconds that a load would take now, by the last one that
# was looked at; else by what a server can surely load, 100 MB in a second.
note_expected() {
  lt_took='' lt_bytes=''
  [ ! -s load ] || read -r lt_took lt_bytes <load
  if [ "${lt_took:-0}" -lt 1 ] || [ "${lt_bytes:-0}" -lt 1 ]; then lt_took=1 lt_bytes=100000000; fi
  lt_expected=$(($(bytes_in bi) * lt_took / lt_bytes))
  [ "$lt_expected" = "$(cat loads-in 2>/dev/null)" ] ||
    { echo "$lt_expected" >loads-in.new && mv loads-in.new loads-in; }
}

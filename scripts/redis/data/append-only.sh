# What is in the append-only file. Needs aof_name=, aof_dir=, multi_part=, and rdb_facts
# (snapshot.sh).

# aof_facts: sets aof (absent, empty, keys, orphan: files that this server would not load, though
# there is something in them) and aof_time (when it was last written to, in s since 1970). From
# Redis 7 on a manifest in a directory lists the files; what it does not list is not loaded. A file
# of an older version is taken over if there is no manifest.
aof_facts() {
  aof=absent aof_time=0
  if [ -e "$aof_dir/$aof_name.manifest" ]; then
    if [ "$multi_part" != 1 ]; then aof=orphan && return; fi
    aof=empty
    while read -r a_part; do
      [ -n "$a_part" ] || continue
      a_file=$aof_dir/$a_part
      a_written=$(date -r "$a_file" +%s 2>/dev/null)
      if [ "${a_written:-0}" -gt "$aof_time" ]; then aof_time=$a_written; fi
      [ -s "$a_file" ] || continue
      case $a_part in
        *.rdb)
          a_rdb=$rdb_name rdb_name=$a_file
          rdb_facts
          rdb_name=$a_rdb
          [ "$rdb" = empty ] || aof=keys
          ;;
        *) aof=keys ;;
      esac
    done <<EOT
$(aof_parts bi)
EOT
  elif [ -e "$aof_name" ]; then
    aof=empty aof_time=$(date -r "$aof_name" +%s 2>/dev/null || echo 0)
    [ ! -s "$aof_name" ] || aof=keys
  elif [ -n "$(find "$aof_dir" -type f ! -name 'temp-*' -size +0 2>/dev/null | head -n 1)" ]; then
    aof=orphan
  fi
}

# aof_parts TYPES: the names of the parts of these types (b: the base, i: what came after it).
aof_parts() {
  sed -n -e "s/^file \(.*\) seq [0-9]* type [$1].*/\1/" -e 't one' -e d -e ':one' \
    -e 's/^"\(.*\)"$/\1/; s/\\\(["\\]\)/\1/g; p' "$aof_dir/$aof_name.manifest"
}

# bytes_in TYPES: how many bytes there are in them.
bytes_in() {
  aof_parts "$1" 2>/dev/null | {
    bi_sum=0
    while read -r bi_part; do
      bi_sum=$((bi_sum + $(size_of "$aof_dir/$bi_part")))
    done
    echo "$bi_sum"
  }
}

# size_of FILE: in bytes, 0 where there is none. Some wc read all of it for that.
size_of() {
  # shellcheck disable=SC2012
  ls -lnL "$1" 2>/dev/null | {
    read -r _ _ _ _ so_size _
    echo "${so_size:-0}"
  }
}

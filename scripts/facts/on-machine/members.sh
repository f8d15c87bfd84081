# What of the deployment is on a machine, wanted or not. Needs ours (places.sh).

# look_members DIRECTORY BESIDE NAME...: if the directory of a host is ours: "members" and each
# process in there, "KIND NAME HOST ADDRESS PORT DIRECTORY"; where BESIDE is 1, also those in
# directories of ours beside it, whose hosts may be in the program no more; parted by a control
# character. For each of these names, look_known. Nothing is run or sourced.
look_members() {
  lm_place=$1 lm_beside=$2
  shift 2
  lm_found='' lm_seen='' lm_part=$(printf '\037')
  for lm_mark in "$lm_place/.pulumi-redis-ha" "${lm_place%/*}"/*/.pulumi-redis-ha; do
    lm_at=${lm_mark%/.pulumi-redis-ha}
    if [ "$lm_at" != "$lm_place" ] && [ "$lm_beside" != 1 ]; then continue; fi
    case "$lm_part$lm_seen" in *"$lm_part$lm_at$lm_part"*) continue ;; esac
    lm_seen="$lm_seen$lm_at$lm_part"
    ours "$lm_at" || continue
    # Where the servers have a user of their own, only what is root's counts.
    if [ -f "$lm_at/machine.conf" ]; then lm_settings=$lm_at/settings; else lm_settings=$lm_at; fi
    for lm_file in "$lm_settings"/*/parameters; do
      [ -f "$lm_file" ] || continue
      lm_said=$(said_in "$lm_file" | tr -cd '\012\040-\176')
      lm_self=$(printf '%s\n' "$lm_said" | sed -n 's/^self //p')
      [ -n "$lm_self" ] || continue
      lm_found="$lm_found$lm_self $lm_at$lm_part"
      lm_name=${lm_file%/parameters}
      case "$lm_at  $* " in
        "$lm_place "*" ${lm_name##*/} "*)
          look_known "${lm_name##*/}" "$lm_file"
          ;;
      esac
    done
  done
  ours "$lm_place" || [ -n "$lm_found" ] || return 0
  echo "members $lm_found"
}

# look_known NAME PARAMETERS: "known.NAME" and whom that process was given, "KIND NAME HOST ADDRESS
# PORT" each, parted by semicolons.
look_known() {
  [ -f "$2" ] || return 0
  echo "known.$1 $(said_in "$2" | tr -cd '\012\040-\176' | sed -n 's/^knows //p' | tr '\n' ';')"
}

# said_in PARAMETERS: "self KIND NAME HOST ADDRESS PORT", and "knows …" for each of nodes and
# sentinels.
said_in() {
  awk '
    { line = $0 }
    !open && match(line, /^[a-z_]+=/) {
      key = substr(line, 1, RLENGTH - 1)
      line = substr(line, RLENGTH + 1)
      open = sub(/^\047/, "", line)
    }
    {
      if (sub(/\047$/, "", line)) open = 0
      count = split(line, part, " ")
      if ((key == "nodes" || key == "sentinels") && count == 4)
        print "knows", substr(key, 1, length(key) - 1), line
      else if (count == 1) value[key] = line
    }
    END {
      if (value["kind"] != "" && value["name"] != "" && value["port"] ~ /^[0-9]+$/)
        print "self", value["kind"], value["name"], value["host"], value["address"], value["port"]
    }' "$1"
}

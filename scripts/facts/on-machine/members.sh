# What of the deployment is on a machine, wanted or not. Needs ours (places.sh).

# look_members DIRECTORY BESIDE NAME...: if the directory of a host is ours: "members" and each
# process in there, "KIND NAME HOST ADDRESS PORT DIRECTORY"; where BESIDE is 1, also those in
# directories of ours beside it, whose hosts may be in the program no more; parted by a control
# character. For each of these names, "known.NAME" (look_known). Nothing is run or sourced.
look_members() {
  lm_place=$1 lm_beside=$2
  shift 2
  lm_names="$*" lm_begun=
  set --
  # The host's own first; it is among those beside it.
  for lm_mark in "$lm_place/.pulumi-redis-ha" "${lm_place%/*}"/*/.pulumi-redis-ha; do
    lm_at=${lm_mark%/.pulumi-redis-ha}
    if [ "$lm_at" = "$lm_place" ]; then
      [ -z "$lm_begun" ] || continue
      lm_begun=1
    elif [ "$lm_beside" != 1 ]; then
      continue
    fi
    ours "$lm_at" || continue
    # Where the servers have a user of their own, only what is root's counts.
    if [ -f "$lm_at/machine.conf" ]; then lm_settings=$lm_at/settings; else lm_settings=$lm_at; fi
    set -- "$@" "place=$lm_at"
    for lm_file in "$lm_settings"/*/parameters; do
      [ ! -f "$lm_file" ] || set -- "$@" "$lm_file"
    done
  done
  if [ $# -gt 0 ]; then said_in "$lm_place" "$lm_names" "$@" </dev/null; fi
}

# look_known NAME PARAMETERS: "known.NAME" and whom that process was given, "KIND NAME HOST ADDRESS
# PORT" each, parted by semicolons.
look_known() {
  [ ! -f "$2" ] || said_in / "$1" place=/ "$2" | grep '^known\.'
}

# said_in PLACE NAMES FILE...: what these files of parameters say, for look_members; place=DIRECTORY
# stands before those of each host. What was there is told, also where it is nothing.
said_in() {
  awk -v here="$1" -v names=" $2 " '
    BEGIN { for (i = 1; i < 3; i++) ARGV[i] = "" }
    function told(   name) {
      name = file
      sub(/\/parameters$/, "", name)
      sub(/.*\//, "", name)
      if (value["kind"] != "" && value["name"] != "" && value["port"] ~ /^[0-9]+$/)
        found = found value["kind"] " " value["name"] " " value["host"] " " value["address"] " " \
          value["port"] " " at "\037"
      if (at == here && index(names, " " name " ")) print "known." name, knows
      split("", value)
      knows = key = open = ""
    }
    FNR == 1 {
      if (file != "") told()
      file = FILENAME
      at = place
    }
    { gsub(/[^ -~]/, ""); line = $0 }
    !open && match(line, /^[a-z_]+=/) {
      key = substr(line, 1, RLENGTH - 1)
      line = substr(line, RLENGTH + 1)
      open = sub(/^\047/, "", line)
    }
    {
      if (sub(/\047$/, "", line)) open = 0
      count = split(line, part, " ")
      if ((key == "nodes" || key == "sentinels") && count == 4)
        knows = knows substr(key, 1, length(key) - 1) " " line ";"
      else if (count == 1) value[key] = line
    }
    END {
      if (file != "") told()
      print "members " found
    }' "$@"
}

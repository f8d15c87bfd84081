# What who hands over writes down before it does it, and the news that it is about. Needs sits
# (election.sh).

election_record=election

# write_record: everything that is needed to go on, before anybody is asked for a vote.
write_record() {
  {
    printf 'maker %s\nepoch %s\n' "$maker" "$epoch" &&
    printf '%s\n' "$sits" | while read -r wr_name _ _ _ _ _ wr_peer _; do
      printf 'sentinel %s %s\n' "$wr_name" "$wr_peer"
    done &&
    echo 'voting - -'
  } >"$election_record" && return
  rm -f "$election_record"
  why="what is begun could not be written down"
  return 1
} 2>/dev/null

# record STAGE NODE ADDRESS: voting, promoting, telling; each before its first word to anybody.
record() { echo "$*" >>"$election_record"; } 2>/dev/null

# read_record: sets maker, epoch, stage, target, to (its address) and tells.
read_record() {
  maker='' epoch=0 stage=voting target=- to='' tells=''
  while read -r rr_what rr_one rr_two; do
    case $rr_what in
      maker) maker="$rr_one $rr_two" ;;
      epoch) epoch=$rr_one ;;
      sentinel) tells="$tells$rr_one $rr_two$newline" ;;
      voting | promoting | telling) stage=$rr_what target=$rr_one to=$rr_two ;;
    esac
  done <"$election_record"
}

# hello PEER: the news as that one would tell it.
hello() { printf '%s' "$1,$epoch,$master,${to%,*},${to##*,},$epoch"; }

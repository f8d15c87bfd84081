# The sentinels' votes: how they are counted, and how they are asked for. Needs lib/links.sh,
# write_record (settlement/record.sh) and what election.sh has set.

# count_votes: a function of replies (to IS-MASTER-DOWN-BY-ADDR: "SENTINEL 0|1 RUNID EPOCH"), runid
# and epoch. Sets given, and later (the highest epoch that somebody has voted in, if that is not
# ours).
count_votes() {
  given=0 later=0
  while read -r v_name v_down v_for v_epoch _; do
    case $v_down.$v_epoch in [01].*[!0-9]* | [01].) continue ;; [01].*) ;; *) continue ;; esac
    if [ "$v_for.$v_epoch" = "$runid.$epoch" ]; then
      given=$((given + 1))
    elif [ "$v_epoch" -gt "$later" ]; then
      later=$v_epoch
    fi
  done <<EOT
$replies
EOT
}

# get_votes: of as many sentinels as are needed. Those that were not asked can still begin a
# failover of their own if this machine fails now; one that has voted waits twice its
# failover-timeout. Who says nothing is asked last the next time: the slow way, with a sentinel that
# has stopped, has held back writes for nine seconds.
get_votes() {
  gv_tries=3 gv_order=$sentinel_names
  while [ $gv_tries -gt 0 ]; do
    gv_tries=$((gv_tries - 1)) epoch=$((epoch + 1)) gv_asked=0
    write_record || return 1
    next_round
    for each in $gv_order; do
      [ $gv_asked -lt "$votes" ] || break
      gv_asked=$((gv_asked + 1))
      send "$each" "SENTINEL IS-MASTER-DOWN-BY-ADDR ${at%,*} ${at##*,} $epoch $runid"
    done
    collect $answer_limit
    count_votes
    [ $given -lt "$votes" ] || return 0
    [ "$later" -lt "$epoch" ] || epoch=$later
    gv_first='' gv_last=''
    for each in $gv_order; do
      case $awaited in
        *" $each "*) gv_last="$gv_last $each" ;;
        *) gv_first="$gv_first $each" ;;
      esac
    done
    gv_order=$gv_first$gv_last
  done
  return 1
}

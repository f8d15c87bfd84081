# plain: the first line of the text on standard input, for a message: what others wrote reaches no
# terminal as it is, nor floods it.
plain() {
  awk 'NR == 1 { gsub(/[^ -~]/, "?"); print length($0) > 200 ? substr($0, 1, 200) "..." : $0 }'
}

# first_line FILE: sets line to its first line; to nothing where there is none. By the shell alone:
# a start reads several such, and each program that it starts is another millisecond without a
# master.
first_line() {
  line=
  { IFS= read -r line <"$1"; } 2>/dev/null || :
}

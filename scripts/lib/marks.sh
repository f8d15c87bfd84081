# A directory that belongs to a deployment has a mark: a file whose first line is "deployment ID";
# the rest is for the reader. What it says may be somebody else's: no link is followed, and nothing
# printed that a terminal would obey.
mark_of() {
  if [ ! -f "$1/.pulumi-redis-ha" ] || [ -L "$1/.pulumi-redis-ha" ]; then return 0; fi
  m_word='' m_id='' m_more=''
  { read -r m_word m_id m_more <"$1/.pulumi-redis-ha"; } 2>/dev/null || [ -n "$m_word" ] || return 0
  # By the shell alone: a look asks it some twenty times.
  case $m_word.$m_more.$m_id in
    deployment..*[!A-Za-z0-9-]*) ;;
    deployment..?*) printf '%.64s\n' "$m_id" ;;
  esac
}

# owner_of DIRECTORY: whose mark that is, in words.
owner_of() {
  head -n 4 "$1/.pulumi-redis-ha" 2>/dev/null | tr -cd 'A-Za-z0-9 ._/\n-' | cut -c 1-100 | {
    o_project='' o_stack='' o_name=''
    while read -r o_key o_value; do
      case $o_key in
        project) o_project=$o_value ;;
        stack) o_stack=$o_value ;;
        name) o_name=$o_value ;;
      esac
    done
    echo "another deployment ($o_name in the stack $o_stack of $o_project)"
  }
}

# put_mark DIRECTORY TEXT [MODE]: makes it ours.
put_mark() {
  printf '%s\n' "$2" >"$1/.pulumi-redis-ha.new" && chmod "${3:-644}" "$1/.pulumi-redis-ha.new" &&
    mv "$1/.pulumi-redis-ha.new" "$1/.pulumi-redis-ha"
}

# is_anothers DIRECTORY [OURS]: it has a mark, and not that of OURS (the directory we are installed
# in) or of one that was adopted with it.
is_anothers() {
  m_its=$(mark_of "$1")
  [ -n "$m_its" ] &&
    ! grep -q -x -e "deployment $m_its" -e "adopted $m_its" "${2:-$here}/.pulumi-redis-ha" \
      2>/dev/null
}

# content_of DIRECTORY: the names in it; what makes a file system of its own is nothing.
# shellcheck disable=SC2012
content_of() { ls -A "$1" 2>/dev/null | sed '/^lost+found$/d'; }

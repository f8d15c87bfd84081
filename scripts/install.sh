# Puts the scripts of the stack into its directory on a machine; read by sh from standard input,
# after here='…' (the directory), mark='…' (the content of its mark) and adopt= (1: it may be
# another deployment's, or hold what nobody knows), and in front of a put NAME CONTENT for each
# script.
set -u
umask 077
: "${mark:?}" "${adopt:=0}"
# use lib/marks.sh
# use lib/paused.sh
newline='
'
# The directories that were not there before go away again with the last host that is uninstalled.
base=${here:?}
base=${base%/*} made=
missing=$base
until [ -d "$missing" ]; do
  made="$made$missing
"
  missing=$(dirname "$missing")
done
# The look has refused it before; this is for two who come at the same time.
id=${mark%%"$newline"*}
id=${id#deployment }
its=$(mark_of "$here")
if [ "$its" != "$id" ] && [ "$adopt" != 1 ]; then
  [ -z "$its" ] || { echo "the directory $here belongs to $(owner_of "$here")" >&2; exit 1; }
  [ -z "$(content_of "$here")" ] || { echo "the directory $here is not empty, and of no deployment: $(content_of "$here" | head -n 5 | tr '\n' ' ')" >&2; exit 1; }
fi
# A pause is the deployment's that made it.
if [ "$its" = "$id" ]; then not_paused "$here"; else rm -rf "$here/.paused"; fi
[ -d "$here" ] || mark="$mark${newline}made"
if [ "$its" != "$id" ] && [ -d "$here" ]; then
  # Each process's directory gets our mark from its own user.
  for each in "$here" "$here"/* "$here"/processes/*; do
    its_part=$(mark_of "$each")
    [ -z "$its_part" ] || mark="$mark${newline}adopted $its_part"
  done
fi
# no_other FILE...: what is there under the name of a file of ours and is none would be waited on,
# or written through.
no_other() { for each in "$@"; do if [ -L "$each" ] || { [ -e "$each" ] && [ ! -f "$each" ]; }; then rm -rf "$each"; fi; done; }
mkdir -p "$here" || { echo "the directory $here cannot be made" >&2; exit 1; }
no_other "$here/.files" "$here/.pulumi-redis-ha" "$here/.pulumi-redis-ha.new"
[ "$its" = "$id" ] || put_mark "$here" "$mark" || { echo "$here cannot be written" >&2; exit 1; }
[ -z "$made" ] || printf '%s' "$made" >>"$base/made"
# What stands in .files is ours to remove.
put() {
  no_other "$here/$1" "$here/$1.new"
  grep -q -x -F "$1" "$here/.files" 2>/dev/null || echo "$1" >>"$here/.files"
  if ! { printf '%s' "$2" >"$here/$1.new" && mv "$here/$1.new" "$here/$1"; }; then
    rm -f "$here/$1.new"
    echo "$here/$1 cannot be written" >&2
    exit 1
  fi
}

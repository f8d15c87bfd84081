# Puts the scripts of the stack into its directory on a machine; read by sh from standard input, after
# here='…' (the directory) and in front of a put NAME CONTENT for each script.
set -u
umask 077
# The directories that were not there before go away again with the last host that is uninstalled.
base=${here:?}
base=${base%/*} made=
missing=$base
until [ -d "$missing" ]; do
  made="$made$missing
"
  missing=$(dirname "$missing")
done
mkdir -p "$here" || { echo "the directory $here cannot be made" >&2; exit 1; }
[ -z "$made" ] || printf '%s' "$made" >>"$base/made"
put() {
  if ! { printf '%s' "$2" >"$here/$1.new" && mv "$here/$1.new" "$here/$1"; }; then
    rm -f "$here/$1.new"
    echo "$here/$1 cannot be written" >&2
    exit 1
  fi
}

# Looks at a machine without touching anything; read by sh from standard input, in front of calls of
# look_machine, look_place, look_former, look_part, look_names, look_program, look_version,
# look_instance, look_check, look_members, look_scripts and look_edit. Each prints lines
# "KEY value" for hosts/look.ts. Before it stands deployment= (the identity of the deployment that
# looks; see ours).
set -u
umask 077
LC_ALL=C
export LC_ALL
newline='
'

# use lib/born.sh
# use lib/as-user.sh
# use facts/on-machine/machine.sh
# use lib/marks.sh
# use lib/paused.sh
# use facts/on-machine/places.sh
# use facts/on-machine/programs.sh
# use facts/on-machine/processes.sh
# use facts/on-machine/members.sh
# use facts/on-machine/edits.sh

# look_scripts DIRECTORY SCRIPT...: the identity of the installation, if all of it is there.
look_scripts() {
  here=$1
  shift
  for script in "$@"; do [ -s "$here/$script" ] || return 0; done
  installed=
  [ ! -f "$here/installed" ] || read -r installed <"$here/installed"
  echo "scripts $installed"
}

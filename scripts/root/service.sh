# The service of a process, where systemd runs. Needs what `of` sets (machine.sh), unit.sh and
# lib/as-user.sh.

put_unit() {
  wanted=$(unit_text) file=/etc/systemd/system/$service
  [ "$wanted" != "$(cat "$file" 2>/dev/null)" ] || return 0
  known=
  if [ -e "$file" ]; then
    known=1
    grep -q -F "$here/host.sh" "$file" ||
      fail "$file is there already, and not of this stack: give the stack, or the component, another name"
  fi
  if ! { printf '%s\n' "$wanted" >"$file.new" && mv "$file.new" "$file"; }; then
    fail "$file cannot be written"
  fi
  # One that is new, enabling makes known.
  [ -z "$known" ] || systemctl daemon-reload
}

service_up() {
  killed=/run/systemd/system/$service.d
  if [ -d "$killed" ]; then
    rm -rf "$killed"
    systemctl daemon-reload
  fi
  systemctl enable --quiet --now "$service" || {
    journalctl -u "$service" -n 10 --no-pager >&2
    fail "the service $service does not start"
  }
}

service_gone() {
  [ -e "/etc/systemd/system/$service" ] || return 0
  systemctl disable --quiet --now "$service" 2>/dev/null
  rm -f "/etc/systemd/system/$service"
  systemctl daemon-reload
  systemctl reset-failed "$service" 2>/dev/null
  as_user rm -rf "$own.supervisor" "$own.held" "$own.wanted" </dev/null
}

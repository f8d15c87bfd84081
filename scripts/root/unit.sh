# The text of a process's unit, with as much hardening as this machine takes. Needs what `of` sets
# (machine.sh), and unit= and user=.

# What a unit may forbid itself; kernels and containers that refuse one of these would refuse the
# whole unit.
hardening='NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service'

# runs_with PROPERTIES: there is such a thing here, and our directory, be it in /home or /tmp, is
# not taken away by it.
runs_with() {
  printf '%s\n' "$1" | {
    set -- systemd-run --quiet --wait --collect "--uid=$user" -p "ReadWritePaths=$here/processes"
    while read -r property; do set -- "$@" -p "$property"; done
    "$@" /bin/sh -c "test -r $here/host.sh && test -x $here/settings && test -w $here/processes" \
      >/dev/null 2>&1
  }
}

# Asked once a boot and machine: it takes a while.
usable_hardening() {
  known=$here/hardening
  if [ ! -s "$known" ]; then
    if runs_with "$hardening"; then
      printf '%s\n' "$hardening" >"$known"
    else
      printf '%s\n' "$hardening" | while read -r property; do
        if runs_with "$property" </dev/null; then
          echo "$property"
        else
          echo "# refused here: $property"
        fi
      done >"$known"
    fi
  fi
  cat "$known"
}

unit_text() {
  cat <<END
# Made by Pulumi for $unit; do not edit.
[Unit]
Description=Redis HA, $name
Wants=network-online.target
After=network-online.target
# A full disk, say, must not make it give up for good.
StartLimitIntervalSec=0

[Service]
User=$user
UMask=0077
WorkingDirectory=/
# Where cloud-init writes /etc/hosts anew at each boot.
ExecStartPre=-+/bin/sh $here/host.sh again hosts-entries.sh
ExecStart=/bin/sh $here/host.sh supervise $own $directory
Restart=always
RestartSec=1
# The first process hands over, then ends the server: nobody else gets the signal, and both need
# their time.
KillMode=mixed
TimeoutStopSec=$stop_seconds
LimitNOFILE=65536
ReadWritePaths=$here/processes
$(usable_hardening)

[Install]
WantedBy=multi-user.target
END
}

#!/usr/bin/env bash
# Makes sure that a Docker engine answers on this machine: installs Debian's where none is, and starts it where none runs.
# Needs root on Debian for that. Quick when there is nothing to do.
set -euo pipefail

if docker info >/dev/null 2>&1; then exit 0; fi
if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
  echo 'No Docker engine answers here, and only root on Debian can install one: start one, or run this as root' >&2
  exit 1
fi
if ! command -v dockerd >/dev/null; then
  echo 'Installing Docker' >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker.io iptables >/dev/null
fi
log="${TMPDIR:-/tmp}/dockerd-$$.log"
setsid nohup dockerd >"$log" 2>&1 </dev/null &
for ((try = 0; try < 120; try += 1)); do
  if docker info >/dev/null 2>&1; then exit 0; fi
  sleep 0.5
done
echo "dockerd did not come up within a minute; its last words:" >&2
tail -n 5 "$log" >&2
exit 1

#!/usr/bin/env bash
# Builds the image longshore/moto, an emulator of AWS from Debian's own packages (python3-moto of trixie), without pulling
# an image from anywhere. Needs a Docker engine, and root on Debian. Does nothing where the image is there already.
set -euo pipefail

readonly IMAGE=longshore/moto:5.1.1
if docker image inspect "$IMAGE" >/dev/null 2>&1; then exit 0; fi
if ((EUID != 0)); then
  echo "Only root can build $IMAGE: a root file system is made" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null
fi

root="$(mktemp -d)"
trap 'rm -rf "$root" "$root.log"' EXIT
# Its package manager drops its rights before it reads.
chmod 755 "$root"
# From the mirror that this machine installs its own packages from.
mirror="$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)"
echo "Building $IMAGE" >&2
debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$mirror" >"$root.log" 2>&1 || {
  tail -n 5 "$root.log" >&2
  exit 1
}
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" apt-get update -qq
# Its server wants the last two and does not ask for them.
DEBIAN_FRONTEND=noninteractive chroot "$root" \
  apt-get install -y -qq --no-install-recommends python3-moto python3-docker python3-flask python3-flask-cors >>"$root.log" 2>&1 || {
  tail -n 5 "$root.log" >&2
  exit 1
}
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,locale}/*
tar -C "$root" -c . | docker import \
  --change 'ENV PYTHONUNBUFFERED=1' \
  --change 'EXPOSE 5000' \
  --change 'CMD ["moto_server", "-H", "0.0.0.0", "-p", "5000"]' \
  - "$IMAGE" >/dev/null

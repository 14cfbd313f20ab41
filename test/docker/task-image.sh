#!/usr/bin/env bash
# Builds the image longshore/task, this machine's Node.js and nothing else, without pulling an image from anywhere: what
# the tests of the Docker target run as tasks. Needs a Docker engine on this machine.
set -euo pipefail

readonly IMAGE=longshore/task:test
node="$(realpath "$(command -v node)")"
version="$("$node" --version)"
if [[ "$(docker image inspect --format '{{index .Config.Labels "node"}}' "$IMAGE" 2>/dev/null)" == "$version" ]]; then
  exit 0
fi
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/tmp"
cp "$node" "$root/bin/node"
# Its libraries, where its loader looks for them.
ldd "$node" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp --dereference "$library" "$root$library"
done
tar -C "$root" -c . | docker import \
  --change 'ENTRYPOINT ["/bin/node"]' \
  --change "LABEL longshore=task node=$version" \
  - "$IMAGE" >/dev/null

#!/usr/bin/env bash
# Runs the Docker target's suites on a real engine, which is started where none runs, and removes the image made for them.
set -euo pipefail

here="$(dirname "${BASH_SOURCE[0]}")"
bash "$here/engine.sh"
bash "$here/task-image.sh"
# Another run on this engine may still use it.
trap 'docker image rm longshore/task:test >/dev/null 2>&1 || true' EXIT
vitest run --config test/drivers/vitest.config.ts docker- "$@"

#!/bin/sh
# Detects a recorded intrusion with DET0543, and writes the rules for every target into ./rules.
set -eu
cd "$(dirname "$0")/../.."
detc() { cargo run --release --quiet --package detc -- "$@"; }

echo "The alerts of AN1496 over the recording:"
detc eval strategies/DET0543 --events examples/intrusion/events.jsonl --tuning examples/intrusion/tuning.yaml \
    --only AN1496/abnormal_session
echo
echo "The rules, and how faithful each is:"
detc compile strategies/DET0543 --target all --tuning examples/intrusion/tuning.yaml -o rules

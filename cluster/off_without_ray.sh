#!/usr/bin/env bash
# Switches a rented worker off once Ray has not run on it for some minutes: its head is gone, which alone would end it.
set -u
minutes=${1:-10}
exec 9>"$HOME/.off_without_ray"
flock -n 9 || exit 0 # it watches already

gone=0
while [ "$gone" -lt "$minutes" ]; do
    sleep 60 9>&-
    if pgrep -u "$(id -u)" -x raylet >/dev/null; then gone=0; else gone=$((gone + 1)); fi
done
sudo shutdown -h now

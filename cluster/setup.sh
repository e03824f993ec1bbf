#!/usr/bin/env bash
# Installs this project on a node of a cluster (Debian or Ubuntu). Harmless when run again.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
venv=$HOME/focus-venv # not inside the project: that folder is synced

python=$(bash "$project/cluster/python.sh" 2>/dev/null) || {
    # A fresh machine may still be updating itself: wait for its lock.
    sudo apt-get -q -o DPkg::Lock::Timeout=600 update
    sudo apt-get -q -o DPkg::Lock::Timeout=600 install -y python3-venv
    python=$(bash "$project/cluster/python.sh")
}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check \
    -c "$project/constraints.txt" -e "$project[cluster]"

# What every shell on a node must know. Set by every node alike, or nodes refuse each other (auth), or
# Ray ends a whole sweep for one trial's memory (monitor).
cat >"$HOME/.focus_env" <<END
export PATH="$venv/bin:\$PATH"
export FOCUS_HOME="$HOME/focus-runs"
export RAY_AUTH_MODE=disabled
export RAY_USAGE_STATS_ENABLED=0
export RAY_memory_monitor_refresh_ms=0
END

# First in both files: `ray down` runs a bare `ray stop` in a login shell, and Ubuntu's .bashrc returns
# early when it is not interactive.
for file in "$HOME/.profile" "$HOME/.bashrc"; do
    touch "$file"
    grep -qF .focus_env "$file" || {
        { echo '. "$HOME/.focus_env"' && cat "$file"; } >"$file.new" && mv "$file.new" "$file"
    }
done

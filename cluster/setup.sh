#!/usr/bin/env bash
# Installs this project on a node of a cluster (Debian or Ubuntu). Harmless when run again, and quick then.
#
#   FOCUS_CHECKPOINTS    where checkpoints lie: s3://..., gs://..., a folder that all hosts share; empty: nowhere
#   FOCUS_ENVIRONMENTS   where one node keeps its finished environment for the next ones: s3://..., gs://..., a folder
#   FOCUS_DATA           the folder of data sets on this node (default: ~/.cache/focus_sweeps)
#   FOCUS_DATA_SETS      data sets to fetch into it, such as "mnist enwik8"
#   FOCUS_EXTRAS         what else of pyproject.toml to install, such as "gcp"
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
venv=$HOME/focus-venv # not inside the project: that folder is synced
extras=cluster,fast${FOCUS_EXTRAS:+,$FOCUS_EXTRAS}

python=$(bash "$project/cluster/python.sh" 2>/dev/null) || {
    # A fresh machine may still be updating itself: wait for its lock.
    sudo apt-get -q -o DPkg::Lock::Timeout=600 update
    sudo apt-get -q -o DPkg::Lock::Timeout=600 install -y python3-venv
    python=$(bash "$project/cluster/python.sh")
}

# What an environment is made of: another Python, place or list of packages makes another one.
made_of=$({
    cat "$project/pyproject.toml" "$project/constraints.txt"
    "$python" --version
    uname -sm
    echo "$project $venv $extras"
} | sha256sum | cut -c 1-32)

read_from() {
    case $1 in
    s3://*) aws s3 cp --quiet "$1" - ;;
    gs://*) gcloud storage cat "$1" ;;
    *) cat "$1" ;;
    esac
}
write_to() {
    case $1 in
    s3://*) aws s3 cp --quiet - "$1" ;;
    gs://*) gcloud storage cp --quiet - "$1" ;;
    *) mkdir -p "$(dirname "$1")" && cat >"$1.$$" && mv "$1.$$" "$1" ;;
    esac
}

kept=${FOCUS_ENVIRONMENTS:+$FOCUS_ENVIRONMENTS/$made_of.tar.zst}
is_made() { [ "$(cat "$venv/made_of" 2>/dev/null)" = "$made_of" ]; }
is_made || [ -z "$kept" ] || {
    fresh=$(mktemp -d "$HOME/.focus-venv-XXXXXX")
    if read_from "$kept" 2>/dev/null | tar -x --zstd -C "$fresh" 2>/dev/null; then
        rm -rf "$venv" && mv "$fresh/focus-venv" "$venv"
    fi
    rm -rf "$fresh"
}
is_made || {
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check \
        -c "$project/constraints.txt" -e "$project[$extras]"
    echo "$made_of" >"$venv/made_of"
    # The next node unpacks it: that takes a minute, and asks nobody on the internet.
    [ -z "$kept" ] || tar -c -I 'zstd -3 -T0' -C "$HOME" focus-venv | write_to "$kept" ||
        echo "setup.sh: the environment could not be kept at $kept; every new node will install it" >&2
}

# What every shell on a node must know. Set by every node alike, or nodes refuse each other (auth), or
# Ray ends a whole sweep for one trial's memory (monitor), or kills a launcher that is stopping (stop).
{
    echo "export PATH=\"$venv/bin:\$PATH\""
    echo "export FOCUS_HOME=\"$HOME/focus-runs\""
    echo "export RAY_AUTH_MODE=disabled"
    echo "export RAY_USAGE_STATS_ENABLED=0"
    echo "export RAY_memory_monitor_refresh_ms=0"
    echo "export RAY_JOB_STOP_WAIT_TIME_S=120"
    for name in FOCUS_CHECKPOINTS FOCUS_DATA; do
        [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
    done
    # What cluster/head_services.sh has added.
    grep -s '^export FOCUS_LEDGER_URL=\|^export MLFLOW_TRACKING_URI=' "$HOME/.focus_env" || true
} >"$HOME/.focus_env.new"
mv "$HOME/.focus_env.new" "$HOME/.focus_env"

# First in both files: `ray down` runs a bare `ray stop` in a login shell, and Ubuntu's .bashrc returns
# early when it is not interactive.
for file in "$HOME/.profile" "$HOME/.bashrc"; do
    touch "$file"
    grep -qF .focus_env "$file" || {
        { echo '. "$HOME/.focus_env"' && cat "$file"; } >"$file.new" && mv "$file.new" "$file"
    }
done

# shellcheck disable=SC2086 # several names
[ -z "${FOCUS_DATA_SETS:-}" ] || "$venv/bin/python" -m focus_core.data fetch $FOCUS_DATA_SETS

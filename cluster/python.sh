#!/usr/bin/env bash
# Prints a Python that is new enough and can make virtual environments; fails with one line if there is none.
set -u
for python in python3 python3.11 python3.12 python3.13; do
    if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
done
echo "no Python 3.11 or later with venv found: install one (on Debian or Ubuntu: apt install python3-venv)" >&2
exit 1

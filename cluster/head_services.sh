#!/usr/bin/env bash
# On a cluster's head: PostgreSQL for the ledger and for MLflow's runs, and MLflow's server, which
# listens on loopback. Harmless when run again; after a reboot it is needed again. To look at MLflow
# from your machine: ray attach -p 5000 ray_cluster.yaml, then http://localhost:5000
set -euo pipefail
pins=$(cd "$(dirname "$0")/.." && pwd)/constraints.txt
data=${FOCUS_DATABASES:-$HOME/focus-db}
artifacts=${FOCUS_HOME:-$HOME/focus-runs}/artifacts
python=${FOCUS_VENV:-$HOME/focus-venv}/bin/python
port=${MLFLOW_PORT:-5000}
as=() # PostgreSQL refuses to run as root
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)
mlflow=http://127.0.0.1:$port
cd /

programs() { find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1; }
[ -n "$(programs)" ] || sudo apt-get -q -o DPkg::Lock::Timeout=600 install -y postgresql
bin=$(programs)
"$python" -c 'import psycopg' 2>/dev/null || "$python" -m pip install -qq -c "$pins" 'psycopg[binary]'

# The server listens on a socket in a folder that only its user, and root, may enter.
mkdir -p "$data" "$artifacts"
chmod 700 "$data"
[ -z "${as[*]}" ] || chown postgres "$data"
postgres() { "${as[@]}" "$bin/$1" "${@:2}"; }
[ -f "$data/PG_VERSION" ] || postgres initdb -D "$data" -U focus -A trust >/dev/null
postgres pg_ctl -D "$data" status >/dev/null || postgres pg_ctl -D "$data" -w -l "$data/server.log" \
    -o "-k '$data' -c listen_addresses=''" start >/dev/null
for name in ledger mlflow; do
    postgres psql -h "$data" -U focus -d postgres -Atc '\l' | grep -q "^$name|" ||
        postgres createdb -h "$data" -U focus "$name"
done
address() { echo "postgresql+psycopg://focus@/$1?host=$data"; }

answers() { "$python" -c "from urllib import request; request.urlopen('$mlflow/health', timeout=2)" 2>/dev/null; }
if ! answers; then
    setsid nohup "$python" -m mlflow server --host 127.0.0.1 --port "$port" --workers 1 \
        --backend-store-uri "$(address mlflow)" --artifacts-destination "$artifacts" \
        >>"$artifacts/../mlflow_server.log" 2>&1 </dev/null &
    for _ in $(seq 120); do ! answers || break; sleep 1; done
    answers || {
        echo "head_services.sh: MLflow's server does not answer, see $artifacts/../mlflow_server.log" >&2
        exit 1
    }
fi

# What every shell on this host knows from now on: setup.sh has them read this file.
touch "$HOME/.focus_env"
sed -i '/FOCUS_LEDGER_URL\|MLFLOW_TRACKING_URI/d' "$HOME/.focus_env"
cat >>"$HOME/.focus_env" <<END
export FOCUS_LEDGER_URL="$(address ledger)"
export MLFLOW_TRACKING_URI="$mlflow"
END

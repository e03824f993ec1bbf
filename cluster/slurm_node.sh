#!/usr/bin/env bash
# What cluster/slurm.sbatch runs on every node of its job:
#   look   can this node work?
#   ray    run Ray with what Slurm gave on this node, until it is told to end
set -u
here=${SLURMD_NODENAME:-$(hostname)}

look() {
    local missing=
    for _ in 1 2 3 4 5; do # a network file system may show a new file late
        [ -e "$FOCUS_MARK" ] && break
        sleep 1
    done
    [ -e "$FOCUS_MARK" ] || missing="the folder $FOCUS_HOME (FOCUS_HOME) of the first node"
    [ -f sweeps/launch.py ] || missing="the project's folder"
    command -v ray >/dev/null || missing="the Python environment with Ray"
    [ -z "$missing" ] && return
    echo "slurm.sbatch: $here does not see $missing: put it on a file system that every node sees" >&2
    return 1
}

clear_up() { # Ray's last processes may still write there for a moment
    for _ in {1..20}; do
        rm -rf "$RAY_TMPDIR" 2>/dev/null
        sleep 0.3
        [ -e "$RAY_TMPDIR" ] || return
    done
}

stop_ray() { # Slurm leaves 30 s, and Ray may wait as long for a first node that is gone
    told=yes
    [ -n "$ray" ] || return
    kill -TERM "$ray" 2>/dev/null
    (sleep 10; kill -KILL "$ray") >/dev/null 2>&1 &
}

run_ray() {
    local options=(
        --num-cpus="$SLURM_CPUS_ON_NODE"
        --num-gpus="${SLURM_GPUS_ON_NODE:-0}"
        --temp-dir="$RAY_TMPDIR"
        --object-store-memory=200000000 # trials keep nothing there; the default is 30 % of the node
        --min-worker-port=0 --max-worker-port=0 --dashboard-agent-listen-port=0 # any that are free
        --disable-usage-stats
        --block
    )
    local ray= told= code
    trap stop_ray TERM INT
    mkdir -m 700 "$RAY_TMPDIR" || return 1
    trap clear_up EXIT
    export TMPDIR=$RAY_TMPDIR
    local host=${RAY_ADDRESS%:*} port=${RAY_ADDRESS#*:}
    if [ "$SLURM_NODEID" = 0 ]; then
        options+=(--head --node-ip-address="$host" --port="$port" --include-dashboard=false)
        options+=(--ray-client-server-port="$FOCUS_RAY_CLIENT_PORT")
    else
        for ((second = 0; second < ${FOCUS_NODES_SECONDS:-300}; second++)); do
            [ -z "$told" ] || return 0
            (: <"/dev/tcp/$host/$port") 2>/dev/null && break
            sleep 1
        done
        options+=(--address="$RAY_ADDRESS")
    fi
    ray start "${options[@]}" >"$RAY_TMPDIR/start.log" 2>&1 &
    ray=$!
    [ -z "$told" ] || stop_ray # it came before Ray was started
    while kill -0 "$ray" 2>/dev/null; do # a signal interrupts `wait`
        wait "$ray"
        code=$?
    done
    [ -n "$told" ] && return
    echo "slurm.sbatch: Ray on $here has ended by itself (exit code $code). Its last words:" >&2
    tail -n 8 "$RAY_TMPDIR/start.log" >&2
    return 1
}

case $1 in
    look) look; exit ;;
    ray) run_ray; exit ;; # bash reads nothing after this: the file may change meanwhile
esac

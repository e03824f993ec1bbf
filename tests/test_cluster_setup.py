"""What the scripts of ``cluster/`` do on a node: run for real, but for the slow programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SYSTEM = "/usr/local/bin:/usr/bin:/bin"

# Makes an environment whose only program writes down that it was asked to install.
PYTHON = """#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip install "*) echo "$*" >>"$HOME/installed" ;;
    "-m focus_core.data "*) echo "$*" >>"$HOME/fetched" ;;
esac
"""
# A bucket is a folder.
AWS = """#!/bin/sh
[ "$1 $2 $3" = "s3 cp --quiet" ] || exit 2
place() { echo "$BUCKETS/${1#s3://}"; }
if [ "$4" = - ]; then mkdir -p "$(dirname "$(place "$5")")" && cat >"$(place "$5")"
else cat "$(place "$4")"; fi
"""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


class Node:
    """A host; the project lies at one place on all of them, as in a cluster."""

    def __init__(self, tmp_path: Path, project: Path) -> None:
        self.home, self.project, self.programs = tmp_path / "home", project, tmp_path / "programs"
        self.buckets = tmp_path / "buckets"
        program(self.programs, "python3", PYTHON)
        program(self.programs, "aws", AWS)

    def set_up(self, **variables: str) -> str:
        """What the script said; homes have one path, because an environment knows its own."""
        self.home.mkdir(exist_ok=True)
        path = f"{self.programs}:{SYSTEM}"
        env = {"HOME": str(self.home), "PATH": path, "BUCKETS": str(self.buckets)} | variables
        script = self.project / "cluster" / "setup.sh"
        done = subprocess.run(["bash", script], env=env, check=True, stderr=subprocess.PIPE)
        return done.stderr.decode()

    def installs(self) -> int:
        file = self.home / "installed"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def replaced(self) -> None:
        """Another host in its place: nothing of the first one's disk is left."""
        shutil.rmtree(self.home)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "cluster", project / "cluster")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, project)
    return Node(tmp_path, project)


@pytest.mark.parametrize(
    "script", ["cluster/setup.sh", "cluster/python.sh", "cluster/off_without_ray.sh", ".ci/run"]
)
def test_shell_scripts_parse_and_stop_at_errors(script: str) -> None:
    path = ROOT / script
    subprocess.run(["bash", "-n", path], check=True)
    assert path.stat().st_mode & 0o100
    assert "\nset -u\n" in path.read_text() or "\nset -euo pipefail\n" in path.read_text()


def test_setup_puts_ray_on_the_path_of_every_shell_once(node: Node) -> None:
    node.home.mkdir()
    (node.home / ".bashrc").write_text("return\n")
    node.set_up()
    node.set_up()
    for name in (".profile", ".bashrc"):
        assert (node.home / name).read_text().count(".focus_env") == 1
    shown = subprocess.run(
        ["bash", "-c", '. ~/.bashrc; echo "$PATH|$RAY_AUTH_MODE|$RAY_memory_monitor_refresh_ms"'],
        env={"HOME": str(node.home), "PATH": SYSTEM},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert shown == f"{node.home}/focus-venv/bin:{SYSTEM}|disabled|0"


def test_setup_installs_once_and_again_when_the_packages_change(node: Node) -> None:
    node.set_up()
    node.set_up()
    assert node.installs() == 1
    with (node.project / "constraints.txt").open("a") as file:
        file.write("one-more==1\n")
    node.set_up()
    assert node.installs() == 2
    node.set_up(FOCUS_EXTRAS="gcp")
    assert "[cluster,fast,gcp]" in (node.home / "installed").read_text().splitlines()[-1]


@pytest.mark.parametrize("place", ["s3://bucket/environments", "FOLDER/shared/environments"])
def test_the_next_node_unpacks_what_the_first_one_installed(node: Node, place: str) -> None:
    place = place.replace("FOLDER", str(node.buckets))
    node.set_up(FOCUS_ENVIRONMENTS=place)
    assert node.installs() == 1
    node.replaced()
    node.set_up(FOCUS_ENVIRONMENTS=place)
    assert node.installs() == 0
    assert os.access(node.home / "focus-venv" / "bin" / "python", os.X_OK)

    node.replaced()  # negative controls: another list of packages, and no such place
    node.set_up(FOCUS_ENVIRONMENTS=place, FOCUS_EXTRAS="gcp")
    assert node.installs() == 1
    node.replaced()
    node.set_up()
    assert node.installs() == 1


def test_a_broken_archive_is_not_used(node: Node) -> None:
    place = str(node.buckets / "environments")
    node.set_up(FOCUS_ENVIRONMENTS=place)
    (archive,) = Path(place).iterdir()
    archive.write_bytes(archive.read_bytes()[:-20])
    node.replaced()
    node.set_up(FOCUS_ENVIRONMENTS=place)
    assert node.installs() == 1
    assert [p.name for p in node.home.iterdir() if p.name.startswith(".focus-venv")] == []


def test_a_place_that_takes_nothing_is_told_and_stops_nothing(node: Node) -> None:
    program(node.programs, "aws", "#!/bin/sh\nexit 1\n")
    told = node.set_up(FOCUS_ENVIRONMENTS="s3://nobody/environments")
    assert "could not be kept at s3://nobody/environments/" in told
    assert node.installs() == 1


def test_checkpoints_and_data_are_known_to_every_shell(node: Node) -> None:
    def shown() -> str:
        command = '. ~/.profile; echo "${FOCUS_CHECKPOINTS-none}|${FOCUS_DATA-none}"'
        env = {"HOME": str(node.home), "PATH": SYSTEM}
        return subprocess.check_output(["bash", "-c", command], env=env, text=True).strip()

    node.set_up(FOCUS_CHECKPOINTS="s3://bucket/a b$c", FOCUS_DATA="/data", FOCUS_DATA_SETS="mnist")
    assert shown() == "s3://bucket/a b$c|/data"
    assert (node.home / "fetched").read_text() == "-m focus_core.data fetch mnist\n"
    node.set_up(FOCUS_CHECKPOINTS="")  # what a file no longer says is no longer known
    assert shown() == "none|none"


def test_setup_keeps_what_the_services_of_the_head_said(node: Node) -> None:
    """``head_services.sh`` adds two addresses; ``ray up`` runs the set-up again after it."""
    node.set_up(FOCUS_CHECKPOINTS="/old")
    said = ["export FOCUS_LEDGER_URL=x", "export MLFLOW_TRACKING_URI=y"]
    file = node.home / ".focus_env"
    file.write_text(file.read_text() + "\n".join(said) + "\n")
    node.set_up()
    node.set_up()
    lines = file.read_text().splitlines()
    assert [line for line in lines if line in said] == said
    assert not any("/old" in line for line in lines)


def test_a_worker_without_ray_switches_itself_off(tmp_path: Path) -> None:
    """Ray runs for three looks, is away for one, is back, is gone: off after ten more."""
    programs = tmp_path / "programs"
    program(programs, "sleep", '#!/bin/sh\necho . >>"$HOME/looks"\n')
    here = 'case $(wc -l <"$HOME/looks") in 1|2|3|5) exit 0 ;; *) exit 1 ;; esac'
    program(programs, "pgrep", f'#!/bin/sh\necho "$@" >"$HOME/asked"\n{here}\n')
    program(programs, "sudo", '#!/bin/sh\necho "$@" >>"$HOME/off"\n')
    env = {"HOME": str(tmp_path), "PATH": f"{programs}:{SYSTEM}"}
    script = ROOT / "cluster" / "off_without_ray.sh"
    subprocess.run(["bash", script], env=env, check=True, timeout=60)
    assert (tmp_path / "off").read_text() == "shutdown -h now\n"
    assert len((tmp_path / "looks").read_text().splitlines()) == 15
    assert (tmp_path / "asked").read_text().endswith("-x raylet\n")


def test_one_watch_is_enough(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    program(programs, "sleep", "#!/bin/sh\nexec /bin/sleep 0.05\n")
    program(programs, "pgrep", '#!/bin/sh\ntouch "$HOME/watched"\n[ -e "$HOME/ray" ]\n')
    program(programs, "sudo", '#!/bin/sh\necho "$@" >>"$HOME/off"\n')
    env = {"HOME": str(tmp_path), "PATH": f"{programs}:{SYSTEM}"}
    command = ["bash", str(ROOT / "cluster" / "off_without_ray.sh")]
    (tmp_path / "ray").touch()
    first = subprocess.Popen(command, env=env)
    try:
        while not (tmp_path / "watched").exists():
            time.sleep(0.01)
        subprocess.run(command, env=env, check=True, timeout=60)  # ends at once: Ray runs
        (tmp_path / "ray").unlink()
        assert first.wait(60) == 0
    finally:
        first.kill()
    assert (tmp_path / "off").read_text() == "shutdown -h now\n"

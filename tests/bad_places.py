"""Bad input in files and in the environment: spaces, ledgers, homes, addresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bad_input import SECRET, Case, a_database, a_file, a_folder, a_ledger, a_space, space

AXES = """
from focus_core.config import TrialConfig
from search_spaces.space import Space, choices
def base():
    return TrialConfig(){change}
SPACE = Space(question="?", base=base, axes=({axes},), seeds=1, trials=None, sampler="grid",
              pruner=None)
"""
TEXT = b"this is no database, but a text that somebody wrote here" * 20
FOREIGN = "CREATE TABLE guests (name TEXT)"
LEDGER, MLFLOW = "home/ledger.db", "home/mlflow.db"
ODD = ["--space", "odd"]

SPACES = {
    "an import error": Case(
        "launch",
        ODD,
        ["search_spaces/odd.py", "no_such_library"],
        a_space("import no_such_library"),
    ),
    "a syntax error": Case(
        "launch", ODD, ["search_spaces/odd.py", "SyntaxError", "line 2"], a_space("a = 1\nb = =\n")
    ),
    "an error in the file": Case(
        "launch", ODD, ["ZeroDivisionError", "odd.py, line 1"], a_space("a = 1 / 0")
    ),
    "no SPACE": Case("launch", ODD, ["odd.py has no search space", "SPACE ="], a_space("a = 1")),
    "a SPACE of another kind": Case("launch", ODD, ["has no search space"], a_space("SPACE = {}")),
    "a base that raises": Case(
        "launch",
        ODD,
        ["SPACE.base()", "unknown config key"],
        a_space(AXES.format(change=".override({'a.b': 1})", axes="choices('model.order', 1, 2)")),
    ),
    "an axis of nothing": Case(
        "launch",
        ODD,
        ["model.odrer", "did you mean 'model.order'"],
        a_space(AXES.format(change="", axes="choices('model.odrer', 1, 2)")),
    ),
    "an axis without effect": Case(
        "launch",
        ODD,
        ["axis 'model.width' has no effect"],
        a_space(AXES.format(change="", axes="choices('model.width', 64)")),
    ),
    "an infeasible corner": Case(
        "launch",
        ODD,
        ["(at model.chunk_length=24)", "does not divide"],
        a_space(AXES.format(change="", axes="choices('model.chunk_length', 8, 24)")),
    ),
    "a condition that raises": Case(
        "launch",
        ODD,
        ["axis 'model.order'", "`when` raised KeyError: 'model.odd'", "mend the space's file"],
        a_space(
            AXES.format(
                change="", axes="choices('model.order', 1, 2, when=lambda p: p['model.odd'])"
            )
        ),
    ),
    "a base of another kind": Case(
        "launch",
        ODD,
        ["SPACE.base() must return a TrialConfig, not a FocusConfig"],
        a_space(AXES.format(change=".model", axes="choices('model.order', 1, 2)")),
    ),
    **{
        f"{field} of {label}": Case(
            "launch",
            ODD,
            [f"{field.split('=')[0]} must be a number from 1 to 1000000"],
            a_space(
                AXES.format(change="", axes="choices('train.clip', 1, 2)").replace(
                    field, field.split("=")[0] + "=" + value
                )
            ),
        )
        for field in ("seeds=1", "trials=None")
        for label, value in {"many digits": "10**30", "text": "'3'"}.items()
    },
    "a broken space among the others": Case(
        "launch", ["--list"], ["search_spaces/odd.py"], a_space("import no_such_library")
    ),
}


def everywhere(says: list[str], there: Callable[[Path], None], label: str) -> dict[str, Case]:
    """The same bad ledger, for every command that reads one."""
    return {
        f"{command}: {label}": Case(command, space() if command == "launch" else [], says, there)
        for command in ("launch", "report", "audit")
    }


LEDGERS = {
    **everywhere(["ledger.db"], a_file(LEDGER, TEXT), "a text for a ledger"),
    **everywhere(["ledger.db"], a_folder(LEDGER), "a folder for a ledger"),
    **everywhere(["ledger.db"], a_ledger(cut=6000), "half a ledger"),
    **everywhere(["ledger.db"], a_database(LEDGER, FOREIGN), "somebody else's database"),
    **everywhere(
        ["schema version 99", "use the"],
        a_ledger("UPDATE schema_info SET version = 99"),
        "a ledger of the future",
    ),
    **everywhere(
        ["schema version 0", "use the"],
        a_ledger("UPDATE schema_info SET version = 0"),
        "a ledger of the past",
    ),
    **everywhere(
        ["schema version", "use the"],
        a_ledger("DELETE FROM schema_info"),
        "a ledger without a version",
    ),
    "report: no ledger": Case("report", [], ["no ledger at", "ledger.db", "--space nfft_bins"]),
    "look: no ledger": Case("look", ["0a"], ["no ledger at", "ledger.db", "--home"]),
    "trial: no ledger": Case("trial", ["0a"], ["no ledger at", "ledger.db", "--home"]),
    "audit: no ledger": Case("audit", [], ["no ledger at", "ledger.db", "--home"]),
    "MLflow in somebody else's database": Case(
        "launch", space(), ["mlflow.db", "something else"], a_database(MLFLOW, FOREIGN)
    ),
    "MLflow in a text": Case("launch", space(), ["mlflow.db"], a_file(MLFLOW, TEXT)),
    "MLflow in the ledger": Case(
        "launch", space("--tracking-uri", "sqlite:///home/ledger.db"), ["ledger.db"], a_ledger()
    ),
    "ui: no database": Case("ui", [], ["no MLflow database at", "launch a sweep first"]),
    "ui: an empty file": Case("ui", [], ["no MLflow database at"], a_file(MLFLOW, b"")),
    "ui: a text": Case("ui", [], ["mlflow.db"], a_file(MLFLOW, TEXT)),
    "ui: a folder": Case("ui", [], ["mlflow.db is a folder"], a_folder(MLFLOW)),
    "ui: somebody else's database": Case(
        "ui", [], ["something else"], a_database(MLFLOW, FOREIGN)
    ),
    "a home below a file": Case(
        "launch", space("--home", "file/below"), ["cannot write to the home"], a_file("file", b"")
    ),
    "a home that is a file": Case(
        "launch", space("--home", "file"), ["--home"], a_file("file", b"")
    ),
}  # fmt: skip
HOMED = {
    **{"launch": space(), "report": [], "audit": [], "ui": []},
    **{"look": ["0a"], "trial": ["0a"]},
}
HOMES = {
    f"{command}: {label}": Case(command, [*words, "--home", home], ["--home", "must be a folder"])
    for command, words in HOMED.items()
    for label, home in {
        "an empty home": "",
        "a home with a line break": "a\nb",
        "a home that steers a terminal": "a\x1b[2Jb",
    }.items()
} | {
    "a home of nobody": Case("launch", space("--home", "~no-such-user-here/x"), ["not known here"]),
}


def env(command: str, says: list[str], **environment: str) -> Case:
    return Case(command, space() if command == "launch" else [], says, environment=environment)


WITH_PASSWORD = f"postgresql+nodriver://user:{SECRET}@nowhere.invalid/ledger"
ENVIRONMENT = {
    **{
        f"{name}={value}": env("launch", [name, "must be a number"], **{name: value})
        for name, value in {
            "FOCUS_BUSY_MS": "soon",
            "FOCUS_LEASE_SECONDS": "-1",
            "FOCUS_MIN_FREE_MB": "nan",
            "FOCUS_MAX_RSS_GB": "8GB",
            "FOCUS_HANG_SECONDS": "inf",
            "FOCUS_TRIAL_SECONDS": "1h",
            "FOCUS_MAX_LOST": "three",
        }.items()
    },
    "unknown kernels": env("launch", ["FOCUS_KERNELS", "loops, numba"], FOCUS_KERNELS="fast"),
    "audit: a setting": env("audit", ["FOCUS_BUSY_MS", "a number"], FOCUS_BUSY_MS="soon"),
    "FOCUS_HOME with a line break": env("launch", ["FOCUS_HOME", "a folder"], FOCUS_HOME="a\nb"),
    **{
        f"{command}: a ledger's address that is none": env(
            command, ["FOCUS_LEDGER_URL"], FOCUS_LEDGER_URL=f"user:{SECRET}@host"
        )
        for command in ("launch", "report", "audit")
    },
    **{
        f"{command}: a database nobody knows": env(
            command, ["FOCUS_LEDGER_URL"], FOCUS_LEDGER_URL=f"nosuchdb://u:{SECRET}@host/x"
        )
        for command in ("launch", "report", "audit")
    },
    **{
        f"{command}: a driver nobody knows": env(
            command, ["FOCUS_LEDGER_URL"], FOCUS_LEDGER_URL=WITH_PASSWORD
        )
        for command in ("launch", "report", "audit")
    },
    "a ledger in memory": env("launch", ["in memory", "lost"], FOCUS_LEDGER_URL="sqlite://"),
    "a ledger in no folder": env(
        "launch", ["no folder", "make it"], FOCUS_LEDGER_URL="sqlite:////no/such/folder/l.db"
    ),
    "an address MLflow does not know": env(
        "launch",
        ["MLFLOW_TRACKING_URI", "sqlite:////path/mlflow.db"],
        MLFLOW_TRACKING_URI=f"ftp://user:{SECRET}@host/x?token={SECRET}",
    ),
    "MLflow's folder of files": env(
        "launch", ["is no address of MLflow's"], MLFLOW_TRACKING_URI="./mlruns"
    ),
    "MLflow at no host": env("launch", ["names no host"], MLFLOW_TRACKING_URI="http://"),
    "ui: an address MLflow does not know": env(
        "ui", ["MLFLOW_TRACKING_URI"], MLFLOW_TRACKING_URI=f"ftp://user:{SECRET}@host"
    ),
    "ui: nobody answers": env(
        "ui", ["does not answer"], MLFLOW_TRACKING_URI=f"http://user:{SECRET}@127.0.0.1:9"
    ),
    "a secret in a flag": Case(
        "launch", space("--traking-uri", f"http://user:{SECRET}@host"), ["--tracking-uri?"]
    ),
    "a secret in a flag's value": Case(
        "launch", space("--address", f"http://user:{SECRET}@host"), ["--address"]
    ),
    "a secret behind an equals sign": Case(
        "launch", space(f"http://user:{SECRET}@host"), ["unknown word"]
    ),
}

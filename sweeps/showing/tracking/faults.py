"""What MLflow raised: whether the error passes by itself, and if not, what a person can do."""

from __future__ import annotations

from focus_core.errors import UserError

LOGIN = (
    "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, and "
    "that they may write there"
)
REMEDIES = {
    "readonly database": "make the database and its folder writable",
    "no such table": "move the database away: it is made anew from the ledger",
    "no such column": "move the database away: it is made anew from the ledger",
    "out-of-date database schema": "upgrade the database, or install the MLflow that made it",
    "error code 401": LOGIN,
    "error code 403": LOGIN,
    "PERMISSION_DENIED": LOGIN,
    "error code 404": "no MLflow answers at this address: name another",
}
"""What a person can do, by a part of the error's text."""
PASSING = (409, 429)


def remedy(error: BaseException) -> str | None:
    """What a person can do about the error; None if the error may pass by itself."""
    if isinstance(error, UserError):
        return "mend that"  # the error itself says how
    text = str(error)
    for said, help_ in REMEDIES.items():
        if said in text:
            return help_
    status = getattr(error, "get_http_status_code", lambda: 500)()
    return None if status >= 500 or status in PASSING else "MLflow refuses it"

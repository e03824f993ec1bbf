"""Load a trained network by its trial's id, from the ledger and a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from focus_core.config import TrialConfig, from_flat
from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.provenance.code_identity import trial_code
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.home import Home
from sweeps.record.reading import reading
from sweeps.record.schema import Sweep, Trial
from sweeps.workers import state_file
from sweeps.workers.checkpoints import read_own

if TYPE_CHECKING:
    from focus_core.training.network import SequenceModel

SHOWN = 5
OF_SWEEP = (Sweep.name, Sweep.created)


class Trained(NamedTuple):
    """A trial's config, and the weights of one of its seeds."""

    trial: TrialConfig
    seed: int
    weights: dict[str, Any]

    def build(self) -> SequenceModel:
        """The network, on the CPU and in evaluation mode."""
        from focus_core.tasks import build_task
        from focus_core.training.network import build_model

        task = build_task(self.trial.task, self.seed)
        net = build_model(
            self.trial.model,
            vocab_size=task.vocab_size,
            num_outputs=task.num_outputs,
            max_length=self.trial.task.length,
            readout=task.readout,
        )
        net.load_state_dict(self.weights)
        return net.eval()


def find_trained(home: Home, trial_id: str, seed: int) -> Trained:
    """The trial whose id begins with ``trial_id``, with the weights of ``seed``.

    Raises:
        UserError: no trial or several trials begin so, or no usable checkpoint has that seed.
    """
    with reading(home) as connection:
        wanted = (
            sa.select(Trial.trial_id, Trial.config, Trial.token, Trial.code, *OF_SWEEP)
            .join(Sweep)
            .where(Trial.trial_id.startswith(trial_id, autoescape=True))
        )
        found = connection.execute(wanted).all()
    ids = sorted({row.trial_id for row in found})
    if len(ids) != 1:
        several = f"{len(ids)} trials begin so: {', '.join(ids[:SHOWN])}"
        raise UserError(
            f"no trial {trial_id!r}: {several if ids else 'the report and MLflow show their ids'}"
        )
    refused: list[str] = []
    for row in found:
        own = {"trial_id": row.trial_id, "code": row.code, "token": row.token}
        folder = SweepFolder(home.checkpoints(row.name, row.created))
        weights = _weights(folder, own, seed, refused)
        if weights is not None:
            _compare(row.code, row.config, row.trial_id)
            return Trained(from_flat(row.config), seed, weights)
    if refused:
        raise UserError(f"{refused[0]}: train the trial again with --rerun")
    raise UserError(
        f"trial {ids[0]} has no checkpoint with seed {seed} below "
        f"{home.states or home.folder / 'checkpoints'}: choose another --seed, or train it again "
        "with --rerun"
    )


def _compare(code: str, config: Mapping[str, Any], trial_id: str) -> None:
    """Warn where the code that builds the network here is not the code that trained it."""
    here = trial_code(config)
    if code != here:
        text = f"{trial_id} was trained by another focus_core ({code}; here {here})"
        tell(f"warning: {text}: what is computed from its weights may differ", error=True)


def _weights(
    folder: SweepFolder, own: dict[str, str], seed: int, refused: list[str]
) -> dict[str, Any] | None:
    """The weights of one seed; what is wrong with unusable files is added to ``refused``."""
    for info in folder.kept(own["trial_id"]):
        try:
            each = state_file.unpack(read_own(folder.files, info.path, own))["execution"]
        except state_file.RefusedError as error:
            refused.append(f"the checkpoint {info.path} {error}")
            continue
        if str(seed) in each:
            weights: dict[str, Any] = each[str(seed)]["net"]
            return weights
    return None

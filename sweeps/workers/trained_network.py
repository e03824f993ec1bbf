"""Load a trained network by its trial's id, from the ledger and a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from focus_core.config import TrialConfig, from_flat
from focus_core.errors import UserError
from focus_core.output import tell
from focus_core.outside.plugin import Plugin
from sweeps.provenance.code_identity import trial_code
from sweeps.provenance.consent import given
from sweeps.provenance.plugins import beside_ours
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.home import Home
from sweeps.record.plugins import read_plugins
from sweeps.record.reading import reading
from sweeps.record.schema import Sweep, Trial
from sweeps.record.trial_ids import one_trial
from sweeps.workers import state_file
from sweeps.workers.checkpoints import read_own

if TYPE_CHECKING:
    from focus_core.tools.exported import Shape
    from focus_core.training.network import SequenceModel

OF_TRIAL = (Trial.sweep_id, Trial.trial_id, Trial.config, Trial.token, Trial.code)
OF_SWEEP = (Sweep.name, Sweep.created)


class Trained(NamedTuple):
    """A trial's config, and the weights of one of its seeds."""

    trial: TrialConfig
    seed: int
    weights: dict[str, Any]
    plugins: tuple[Plugin, ...] = ()
    """The mixers and tasks from outside; see ``beside_ours``."""

    def shape(self) -> Shape:
        """What the network is built from besides its model."""
        from focus_core.tasks import build_task
        from focus_core.tools.exported import Shape

        task = build_task(self.trial.task, self.seed)
        return Shape(
            task.vocab_size, task.num_outputs, self.trial.task.length, task.readout, task.channels
        )

    def build(self) -> SequenceModel:
        """The network, on the CPU and in evaluation mode. Call this ``beside_ours(plugins)``."""
        from focus_core.training.network import build_model
        from focus_core.training.start import init_weights

        net = build_model(self.trial.model, **self.shape()._asdict())
        init_weights(net, self.seed)  # a plugin may have buffers that no state dict has
        net.load_state_dict(self.weights)
        return net.eval()


def find_trained(home: Home, trial_id: str, seed: int, code: str | None = None) -> Trained:
    """The trial whose id begins with ``trial_id``, with the weights of ``seed``.

    Args:
        home: where its sweep was launched.
        trial_id: its id, or how it begins.
        seed: the seed.
        code: the code that trained it, where several sweeps have the trial; None: any code.

    Raises:
        UserError: no trial or several trials begin so, or no usable checkpoint has that seed.
    """
    with reading(home) as connection:
        _, whole_id = one_trial(connection, trial_id)
        wanted = sa.select(*OF_TRIAL, *OF_SWEEP).join(Sweep).where(Trial.trial_id == whole_id)
        if code is not None:
            wanted = wanted.where(Trial.code == code)
        found = connection.execute(wanted).all()
        plugins = {row.sweep_id: read_plugins(connection, row.sweep_id) for row in found}
    refused: list[str] = []
    for row in found:
        own = {"trial_id": row.trial_id, "code": row.code, "token": row.token}
        folder = SweepFolder(home.checkpoints(row.name, row.created))
        weights = _weights(folder, own, seed, refused)
        if weights is not None:
            needed = given(plugin for plugin in plugins[row.sweep_id] if plugin.serves(row.config))
            with beside_ours(needed):
                _compare(row.code, row.config, row.trial_id)
                return Trained(from_flat(row.config), seed, weights, needed)
    if refused:
        raise UserError(f"{refused[0]}: train the trial again with --rerun")
    raise UserError(
        f"trial {whole_id} has no checkpoint with seed {seed} below "
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

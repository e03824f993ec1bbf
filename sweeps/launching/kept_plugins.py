"""Record the plugins of a launch beside its sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from focus_core.output import tell
from focus_core.outside.plugin import Plugin
from sweeps.commands.command_line import one_line
from sweeps.provenance.code_identity import trial_code
from sweeps.record.ledger import Ledger
from sweeps.record.plugins import PluginRow, read_plugins
from sweeps.record.schema import Sweep


def keep_plugins(ledger: Ledger, sweep: Sweep, plugins: Sequence[Plugin]) -> None:
    """Record every new version, where a trial is left to train. Call this while the lease is held.

    A sweep that is at its end keeps the versions that trained it; a line tells of other code.
    """
    with ledger.reading() as session:
        known = read_plugins(session.connection(), sweep.id)
    new = [plugin for plugin in plugins if plugin not in known]
    if known and sweep.finished is not None:
        configs = [t.config for t in ledger.trials(sweep) if t.code != trial_code(t.config)]
        for plugin in new:
            if any(map(plugin.serves, configs)):
                said = f"the plugin {plugin.name} changed since the sweep was trained"
                tell(f"launch.py: warning: {one_line(said)}; nothing is left to train", error=True)
        return
    with ledger.writing() as session:
        for plugin in new:
            about = {"name": plugin.name, "sha256": plugin.sha256, "data": plugin.as_data()}
            session.add(PluginRow(sweep_id=sweep.id, **about))


def changed_code(
    ledger: Ledger, sweep: Sweep, plugins: Sequence[Plugin], config: Mapping[str, object]
) -> str:
    """What has changed since a trial with this flat config was trained, as the start of a line."""
    with ledger.reading() as session:
        known = read_plugins(session.connection(), sweep.id)
    for plugin in plugins:
        before = [old for old in known if set(old.adds) & set(plugin.adds)]
        if plugin.serves(config) and before and before[-1].source != plugin.source:
            return f"the plugin {plugin.name}"
    return "focus_core"

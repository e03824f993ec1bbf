import io
import logging
import re

import pytest
from rich.console import Console

from sweeps.display import Display, duration
from sweeps.progress import Progress, best_trial, count_states, short_name
from tests.sweeps.listener_rows import ended, make_report, make_sweep, make_trial


def plain(places=None):
    console = Console(file=io.StringIO(), force_terminal=False, width=80)
    return Display(console, places), console.file


def live(width=80, height=24):
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        height=height,
        color_system="standard",
        legacy_windows=False,
    )
    return Display(console, {"report": "runs/reports/nfft_bins/index.html"}), console.file


def picture(display, width=80):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(display.render())
    return console.file.getvalue().splitlines()


def play(display, trials, reports_each=3):
    sweep = make_sweep(planned=len(trials))
    display.sweep_started(sweep, [], {})
    for trial in trials:
        running = make_trial(trial.number, causal=trial.causal)
        display.trial_started(sweep, running)
        for k in range(reports_each):
            display.reported(sweep, running, make_report(trial, 50 * (k + 1)))
        display.trial_ended(sweep, trial)
    display.sweep_ended(sweep, trials)


def test_without_a_terminal_one_line_per_start_and_end_whatever_is_reported():
    lines = {}
    for reports_each in (0, 300):
        display, out = plain({"report": "runs/index.html"})
        play(display, [ended(n, value=0.1 * n) for n in range(3)], reports_each)
        lines[reports_each] = out.getvalue().splitlines()
    assert lines[0] == lines[300]
    assert len(lines[0]) == 1 + 2 * 3 + 2  # the question, each trial twice, the best, the report
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", "".join(lines[0]))
    assert lines[0][0] == "nfft_bins: Does the bin's length matter, or NFFT? (3 waiting)"
    assert lines[0][1] == "#0 000000000000 started bin_length=1 nfft_factor=2"
    assert lines[0][-3].endswith("value 0.2 at step 400/400 [3 complete]")
    assert lines[0][-2].startswith("best validation accuracy 0.2 bin_length=4")


def test_plain_lines_say_why_a_trial_ended():
    display, out = plain()
    play(display, [ended(state="failed", reason="loss is NaN [at step 50]", causal=False)])
    assert "failed" in out.getvalue()
    assert "(leaky: not ranked) (loss is NaN [at step 50])" in out.getvalue()


def test_the_live_picture_names_what_runs_and_what_is_best():
    display, _ = live()
    sweep, trials = make_sweep(planned=5), [ended(0, value=0.75), make_trial(1), make_trial(2)]
    display.sweep_started(sweep, trials, {})
    try:
        display.reported(sweep, trials[1], make_report(trials[1], 100, value=0.625))
        text = "\n".join(picture(display))
    finally:
        display.close()
    assert "1/5 trials" in text
    assert "2 waiting  2 running  1 complete" in text
    assert re.search(r"#1 bin_length=2 nfft_factor=2 .* 100/400 0\.6250", text)
    assert re.search(r"#2 bin_length=4 nfft_factor=2 .* 0/400 +-", text)
    assert "best validation accuracy 0.75  #0 bin_length=1" in text
    assert "report: runs/reports/nfft_bins/index.html" in text


def test_a_thousand_trials_fit_a_small_terminal():
    display, _ = live()
    sweep = make_sweep(planned=1000)
    trials = [make_trial(n, point={"model.bin_length": n}) for n in range(500)]
    trials += [ended(n, value=0.5, point={"model.bin_length": n}) for n in range(500, 900)]
    display.sweep_started(sweep, trials, {})
    try:
        lines = picture(display)
    finally:
        display.close()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert any("more running" in line for line in lines)


def test_long_names_are_cut_not_wrapped():
    display, _ = live()
    point = {f"model.some_long_option_{k}": k for k in range(9)}
    display.sweep_started(make_sweep(), [make_trial(point=point)], {})
    try:
        rows = [line for line in picture(display) if "0/400" in line]
    finally:
        display.close()
    assert len(rows) == 1
    assert len(rows[0]) <= 80


def test_closing_gives_the_terminal_back_and_may_be_repeated():
    display, out = live()
    display.sweep_started(make_sweep(), [], {})
    display.close()
    display.close()
    hidden, shown = out.getvalue().rfind("\x1b[?25l"), out.getvalue().rfind("\x1b[?25h")
    assert 0 <= hidden < shown


def test_what_is_logged_meanwhile_stands_above_the_picture():
    display, out = live()
    display.sweep_started(make_sweep(), [], {})
    try:
        logging.lastResort.handle(logging.makeLogRecord({"msg": "a word from elsewhere"}))
    finally:
        display.close()
    assert 0 <= out.getvalue().rfind("a word from elsewhere") < out.getvalue().rfind("nfft_bins")


def test_the_snapshot_is_a_picture_that_loads_nothing():
    display, _ = live()
    display.sweep_started(make_sweep(), [ended(value=0.75)], {})
    display.close()
    svg = display.snapshot()
    assert svg.startswith("<svg")
    assert "0.75" in svg
    assert "url(http" not in svg
    assert 'url("http' not in svg


def test_best_is_complete_causal_and_finite():
    sweep = make_sweep()
    trials = [
        ended(0, value=0.4),
        ended(1, value=0.9, causal=False),
        ended(2, "pruned", value=0.8),
        ended(3, value=None),
        ended(4, value=float("nan")),
        ended(5, value=0.3),
    ]
    assert best_trial(sweep, trials) is trials[0]
    assert best_trial(make_sweep(direction="minimize"), trials) is trials[5]
    assert best_trial(sweep, trials[1:5]) is None
    trials[1].causal = True  # negative control
    assert best_trial(sweep, trials) is trials[1]


def test_counts_add_up_to_what_was_planned():
    counts = count_states(make_sweep(planned=7), [ended(0), make_trial(1), ended(2, "pruned")])
    assert counts == {
        "waiting": 4,
        "running": 1,
        "complete": 1,
        "pruned": 1,
        "failed": 0,
        "killed": 0,
    }


def test_pace_and_time_left_by_hand():
    now = [0.0]
    progress, sweep = Progress(clock=lambda: now[0]), make_sweep(planned=4)
    before = ended(9, value=0.1)  # trained in an earlier launch: no part of the pace
    progress.start(sweep, [before], {})
    assert progress.trials_per_minute() is None
    assert progress.seconds_left() is None
    now[0] = 10.0
    progress.update(sweep, make_trial(0))
    progress.update(sweep, make_trial(1))
    now[0] = 40.0
    progress.report(sweep, make_trial(0), make_report(make_trial(0), 400))
    progress.report(sweep, make_trial(1), make_report(make_trial(1), 200))
    progress.update(sweep, ended(0))
    # 600 steps and one trial in 30 s; 200 of trial 1 and 400 of the one not yet asked for remain
    assert progress.trials_per_minute() == pytest.approx(2.0)
    assert progress.seconds_left() == pytest.approx(30.0)


def test_a_resumed_trial_counts_only_what_it_trains_now():
    now = [0.0]
    progress, sweep, trial = Progress(clock=lambda: now[0]), make_sweep(planned=1), make_trial()
    progress.start(sweep, [make_trial(state="waiting")], {trial.id: [make_report(trial, 300)]})
    progress.update(sweep, trial)
    now[0] = 5.0
    progress.report(sweep, trial, make_report(trial, 350))
    assert progress.seconds_left() == pytest.approx(5.0)  # 50 steps in 5 s, 50 to go


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (75, "1 min 15 s"), (3 * 3600, "3 h 0 min")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_names():
    assert (
        short_name(make_trial(point={"train.learning_rate": 0.0012345})) == "learning_rate=0.00123"
    )
    alone = {"variant": "static"}
    assert short_name(make_trial(variant="static", point=alone)) == "static"
    tuned = alone | {"train.learning_rate": 0.01}
    assert short_name(make_trial(variant="static", point=tuned)) == "static learning_rate=0.01"
    assert short_name(make_trial(point={})) == "000000000000"

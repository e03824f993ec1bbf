import io
import logging
import re

import pytest
from rich.console import Console

from sweeps.record.schema import Trial
from sweeps.showing.display import Display
from sweeps.showing.progress import count_states, short_name
from tests.narrowing import known
from tests.sweeps.listener_rows import ended, make_report, make_sweep, make_trial


def plain(places: dict[str, str] | None = None) -> tuple[Display, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, force_terminal=False, width=80)
    return Display(console, places), file


def live(width: int = 80, height: int = 24) -> tuple[Display, io.StringIO]:
    file = io.StringIO()
    console = Console(
        file=file,
        force_terminal=True,
        width=width,
        height=height,
        color_system="standard",
        legacy_windows=False,
    )
    return Display(console, {"report": "runs/reports/nfft_bins/index.html"}), file


def picture(display: Display, width: int = 80) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=False)
    console.print(display.render())
    return file.getvalue().splitlines()


def play(display: Display, trials: list[Trial], reports_each: int = 3) -> None:
    sweep = make_sweep(planned=len(trials))
    display.sweep_started(sweep, [], {})
    for trial in trials:
        running = make_trial(trial.number, causal=trial.causal)
        display.trial_started(sweep, running)
        for k in range(reports_each):
            display.reported(sweep, running, make_report(trial, 50 * (k + 1)))
        display.trial_ended(sweep, trial)
    display.sweep_ended(sweep, trials)


def test_without_a_terminal_one_line_per_start_and_end_whatever_is_reported() -> None:
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
    assert lines[0][-2].endswith("(median of 3 trials 0.1)")


def test_plain_lines_say_why_a_trial_ended() -> None:
    display, out = plain()
    play(display, [ended(state="failed", reason="loss is NaN [at step 50]", causal=False)])
    assert "failed" in out.getvalue()
    assert "(leaky: not ranked) (loss is NaN [at step 50])" in out.getvalue()


def test_the_live_picture_names_what_runs_and_what_is_best() -> None:
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
    assert re.search(r"#1 bin_length=2 nfft_factor=2 +▅ .* 100/400 +0\.6250", text)
    assert re.search(r"#2 bin_length=4 nfft_factor=2 .* 0/400 +-", text)
    assert "best validation accuracy 0.75  #0 bin_length=1" in text
    assert "report: runs/reports/nfft_bins/index.html" in text


def test_a_thousand_trials_fit_a_small_terminal() -> None:
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


def test_long_names_are_cut_not_wrapped() -> None:
    display, _ = live()
    point = {f"model.some_long_option_{k}": k for k in range(9)}
    display.sweep_started(make_sweep(), [make_trial(point=point)], {})
    try:
        rows = [line for line in picture(display) if "0/400" in line]
    finally:
        display.close()
    assert len(rows) == 1
    assert len(rows[0]) <= 80


def test_closing_gives_the_terminal_back_and_may_be_repeated() -> None:
    display, out = live()
    display.sweep_started(make_sweep(), [], {})
    display.close()
    display.close()
    hidden, shown = out.getvalue().rfind("\x1b[?25l"), out.getvalue().rfind("\x1b[?25h")
    assert 0 <= hidden < shown


def test_what_is_logged_meanwhile_stands_above_the_picture() -> None:
    display, out = live()
    display.sweep_started(make_sweep(), [], {})
    try:
        known(logging.lastResort).handle(logging.makeLogRecord({"msg": "a word from elsewhere"}))
    finally:
        display.close()
    assert 0 <= out.getvalue().rfind("a word from elsewhere") < out.getvalue().rfind("nfft_bins")


def test_the_snapshot_is_a_picture_that_loads_nothing() -> None:
    display, _ = live()
    display.sweep_started(make_sweep(), [ended(value=0.75)], {})
    display.close()
    svg = display.snapshot()
    assert svg.startswith("<svg")
    assert "0.75" in svg
    assert "url(http" not in svg
    assert 'url("http' not in svg


def test_counts_add_up_to_what_was_planned() -> None:
    counts = count_states(make_sweep(planned=7), [ended(0), make_trial(1), ended(2, "pruned")])
    assert counts == {
        "waiting": 4,
        "running": 1,
        "complete": 1,
        "pruned": 1,
        "failed": 0,
        "killed": 0,
    }


@pytest.mark.parametrize(("width", "height"), [(60, 24), (120, 40), (40, 12)])
def test_no_line_is_longer_than_the_terminal_nor_the_picture_higher(
    width: int, height: int
) -> None:
    display, _ = live(width, height)
    trials = [make_trial(n, point={"model.some_long_option": n}) for n in range(60)]
    suspect = {
        t.id: [make_report(t, 50, leak=0.5), make_report(t, 100, leak=0.0)] for t in trials[:9]
    }
    display.sweep_started(make_sweep(planned=60, question="What? " * 40), trials, suspect)
    try:
        lines = picture(display, width)
    finally:
        display.close()
    assert len(lines) <= max(height, 20)
    assert max(map(len, lines)) <= width
    assert any(line.startswith("alarm #8 some_long_option=8") for line in lines)
    assert "and alarms in 6 more trials" in lines


def test_a_terminal_of_ascii_gets_ascii() -> None:
    class Ascii(io.StringIO):
        encoding = "ascii"

    file = Ascii()
    console = Console(file=file, force_terminal=True, width=80, height=24, color_system=None)
    display, trial = Display(console), make_trial()
    reports = [make_report(trial, step, step / 400) for step in (50, 100, 150, 200)]
    display.sweep_started(make_sweep(), [trial], {trial.id: reports})
    display.close()
    drawn = file.getvalue()
    assert drawn.isascii()
    assert " _,+# " in drawn


def test_an_alarm_is_a_line_of_its_own_and_said_once() -> None:
    display, out = plain()
    sweep, trial = make_sweep(), make_trial()
    display.sweep_started(sweep, [], {})
    display.trial_started(sweep, trial)
    display.reported(sweep, trial, make_report(trial, 50))
    assert "alarm" not in out.getvalue()  # negative control
    for step, leak in ((100, 0.5), (150, 0.25)):
        display.reported(sweep, trial, make_report(trial, step, leak=leak))
    (line,) = [line for line in out.getvalue().splitlines() if "alarm" in line]
    assert line == ("#0 000000000000 alarm: promised causal, but leaks 5.0e-01 (> 0.0001)")
    display.trial_ended(sweep, ended(value=0.9))
    assert "(leaky: not ranked)" in out.getvalue()
    display.sweep_ended(sweep, [ended(value=0.9)])
    assert "best" not in out.getvalue()


def test_lost_workers_and_diverged_seeds_alarm() -> None:
    display, _ = live()
    lost, diverged = make_trial(0, retries=2), make_trial(1)
    reports = {diverged.id: [make_report(diverged, 50, value=None, said={"diverged/1": 50.0})]}
    display.sweep_started(make_sweep(), [lost, diverged], reports)
    try:
        lines = picture(display)
    finally:
        display.close()
    assert "alarm #1 bin_length=2 nfft_factor=2: seed 1 diverged" in lines
    assert "alarm #0 bin_length=1 nfft_factor=2: 2 workers lost, tried again" in lines


def test_names() -> None:
    assert (
        short_name(make_trial(point={"train.learning_rate": 0.0012345})) == "learning_rate=0.00123"
    )
    alone = {"variant": "focus_h"}
    assert short_name(make_trial(variant="focus_h", point=alone)) == "focus_h"
    tuned = alone | {"train.learning_rate": 0.01}
    assert short_name(make_trial(variant="focus_h", point=tuned)) == "focus_h learning_rate=0.01"
    assert short_name(make_trial(point={})) == "000000000000"

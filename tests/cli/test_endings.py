"""However a command ends before its time: what is complete is kept, and its exit code says why."""

import os
import signal
import subprocess
import sys
import time

import pytest

from sim import open_comparison, open_run
from sim.cli import common
from tests.cli.own import LINE, with_plugin
from tests.cli.shell import ENVIRONMENT, PROGRAM, call, shell

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def test_a_mistake_of_ours_is_exit_code_1_and_asks_for_a_report(place, capsys, monkeypatch):
    from sim import engines

    def broken(*args, **kwargs):
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(engines, "run", broken)
    code, _, err = call(capsys, "run", "tiny.yaml")
    assert code == 1
    assert "report" in err
    assert "ZeroDivisionError" in err


# Interrupts ---------------------------------------------------------------------------------------


def test_an_interrupt_is_exit_code_130(place, capsys, monkeypatch):
    from sim import engines

    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "run", stopped)
    code, _, err = call(capsys, "run", "tiny.yaml")
    assert code == 130
    assert "interrupted" in err


def started(*args, cwd):
    """A command in a process and a session of its own, in which Ctrl-C is heard."""
    return subprocess.Popen(
        [*PROGRAM, *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=ENVIRONMENT, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("engine", "duration_s"), [("simpy", 10**5), ("compiled", 10**7)])
def test_a_real_interrupt_of_a_run_keeps_the_run_up_to_there(place, number, engine, duration_s):
    long = ["--engine", engine, "--set", f"duration={duration_s}s", "--set", "sources.users.rate=400/s"]
    with started("run", "tiny.yaml", "--no-figures", "-o", "out", *long, cwd=place) as process:
        while "this will take about" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(3)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted at" in out
    assert "not judged" in err
    found = open_run(place / "out")
    assert found.interrupted
    assert found.manifest["end_ns"] == found.record.end_ns
    seconds = found.record.end_ns / 1e9
    assert 10 < seconds < duration_s
    assert found.measure("N") + found.record.in_flight[0, 0] == pytest.approx(400 * seconds, rel=0.2)


def nobody_left(session):
    """Every process of a session ends within a moment."""
    for _ in range(50):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("whom", [os.kill, os.killpg])
@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGKILL])
def test_a_comparison_that_is_ended_leaves_no_process_behind(place, number, whom):
    """By itself or with all its processes, as a terminal does. Only SIGKILL costs the results."""
    args = ("compare", *with_plugin(place, good=10**6), "--seeds", "1..1000", "--jobs", "2")
    with started(*args, cwd=place) as process:
        # Two copies a seed, for the day and the good day: what the first ones were made for is complete.
        while not (place / "made").exists() or (place / "made").stat().st_size < 14:
            assert process.poll() is None
            time.sleep(0.05)
        whom(process.pid, number)
        _, err = process.communicate(timeout=60)
    assert nobody_left(process.pid)
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
        return
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted after" in err
    found = open_comparison(place / "out")
    assert found.manifest["interrupted"]
    assert len(found.table.rows) == 4 * len(found.table.seeds) > 0


def test_an_interrupt_while_it_is_loading_ends_it_without_a_word(place):
    code = (
        "import runpy, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "runpy.run_module('sim', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "tiny.yaml"], cwd=place, env=ENVIRONMENT, capture_output=True,
        text=True, timeout=60, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_interrupt_does_not_wait(number):
    before = signal.signal(number, signal.default_int_handler)
    try:
        with common.patient_interrupt() as look:
            look()
            signal.raise_signal(number)
            with pytest.raises(KeyboardInterrupt):
                look()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


# Disks and pipes ----------------------------------------------------------------------------------

COMMANDS = [
    ["run"],
    ["compare", "--seeds", "1,2"],
    ["run", "--json"],
    ["compare", "--seeds", "1,2", "--json"],
]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("args", COMMANDS)
def test_a_full_stdout_is_exit_code_5_and_costs_no_folder(place, args):
    with open("/dev/full", "w") as full:
        done = shell(*args, "tiny.yaml", "--no-figures", "-o", "out", cwd=place, capture_output=False,
                     stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == 5
    assert "stdout cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert (place / "out" / "manifest.json").exists()


@pytest.mark.parametrize("args", COMMANDS[:2])
def test_a_reader_that_has_gone_costs_no_folder(place, args):
    reading, writing = os.pipe()
    os.close(reading)
    done = shell(*args, "tiny.yaml", "--no-figures", "-o", "out", cwd=place, capture_output=False,
                 stdout=writing, stderr=subprocess.PIPE)  # fmt: skip
    os.close(writing)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert (place / "out" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device"), 5)]
)
@pytest.mark.parametrize("args", COMMANDS[:2])
def test_what_ends_the_drawing_costs_no_table(place, capsys, monkeypatch, error, code, args):
    from pathlib import Path

    replace = Path.replace

    def fails(self, target):
        if Path(target).suffix == ".svg":
            raise error
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    found, _, err = call(capsys, *args, "tiny.yaml", "-o", "out")
    assert found == code
    assert "results: out" in err
    assert (place / "out" / "manifest.json").exists()
    assert [p.suffix for p in (place / "out" / "figures").iterdir()] == [".png"]


@pytest.mark.parametrize("args", COMMANDS[:2])
def test_a_folder_that_fills_up_costs_no_printed_table(place, capsys, monkeypatch, args):
    from pathlib import Path

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = call(capsys, *args, "tiny.yaml", "-o", "out")
    assert code == 5
    assert "tiny" in out
    assert "out: cannot be written: No space left on device" in err


# Failing runs and plugins ---------------------------------------------------------------------------


def test_the_fault_of_a_plugin_is_told_with_its_line(place, capsys):
    code, _, err = call(capsys, "run", *with_plugin(place), "--variant", "breaker")
    assert code == 3
    assert f"mine.py:{LINE}: the plugin fails: NameError: name 'nowhere' is not defined" in err
    assert "Traceback" not in err


def test_params_that_a_plugin_does_not_take_are_its_own_matter(place, capsys):
    code, _, err = call(capsys, "run", *with_plugin(place, size=3), "--variant", "breaker")
    assert code == 3
    assert "mine.py: breaker 'mine' cannot be made with params {'size': 3}" in err


def test_a_plugin_that_does_not_load_says_where(place, capsys):
    args = with_plugin(place)
    (place / "mine.py").write_text("import os\nnowhere\n")
    code, _, err = call(capsys, "check", *args[:3])
    assert code == 3
    assert "mine.py:2: the plugin does not load: NameError" in err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_fails_keeps_the_others_and_says_how_to_repeat_it(place, jobs):
    """The fault of a plugin in its ninth copy: two copies a task, the day and the good day."""
    args = ("compare", *with_plugin(place, good=8), "--seeds", "1..20", "--jobs", jobs, "--set", "warmup=1s")
    done = shell(*args, cwd=place)
    assert done.returncode == 3
    (said,) = [
        line for line in done.stderr.splitlines() if line.startswith("the run of variant breaker, seed ")
    ]
    seed = said.removeprefix("the run of variant breaker, seed ").split()[0]
    assert (
        f"this run alone: cascadelab compare tiny.yaml --seeds {seed} --jobs 1 --variant breaker"
        in done.stderr
    )
    assert "--set warmup=1s --plugin mine.py" in done.stderr
    assert "ended by a run that failed after" in done.stderr
    assert "with the fault" in done.stdout
    found = open_comparison(place / "out")
    assert said in found.manifest["failed"]
    assert len(found.table.rows) == 4 * len(found.table.seeds) > 0


def test_a_process_that_is_killed_keeps_the_finished_runs(place):
    done = shell("compare", *with_plugin(place, good=8, leave=True), "--jobs", "2", cwd=place)
    assert done.returncode == 1
    assert "a process ended without a word" in done.stderr
    assert "this run alone: cascadelab compare tiny.yaml --seeds" in done.stderr
    assert "Traceback" not in done.stderr
    assert open_comparison(place / "out").table.rows


def test_a_mistake_of_ours_in_one_run_keeps_the_others(place, capsys, monkeypatch):
    from sim import engines

    real, runs = engines.run, []

    def breaks(*args, **kwargs):
        runs.append(args)
        if len(runs) == 11:
            raise ZeroDivisionError("inside")
        return real(*args, **kwargs)

    monkeypatch.setattr(engines, "run", breaks)
    code, out, err = call(capsys, "compare", "tiny.yaml", "--no-figures", "-o", "out", "--jobs", "1")
    assert code == 1
    assert "with the fault" in out
    for words in ("Traceback", "report", "the run of variant breaker, seed 3 failed: ZeroDivisionError: inside",
                  "this run alone: cascadelab compare tiny.yaml --seeds 3 --jobs 1 --variant breaker"):  # fmt: skip
        assert words in err
    assert open_comparison(place / "out").table.seeds == (1, 2)

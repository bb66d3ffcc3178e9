"""Faults of the file as records."""

from sim import engines
from sim.scenario import load_text
from sim.topology.build import build

TEXT = """
name: luck
duration: 400s
sources: {users: {rate: 20/s, call: w}}
services: {w: {steps: [{work: 1ms}]}}
faults:
"""


def topology(*faults):
    return build(load_text(TEXT + "".join(f"  - {fault}\n" for fault in faults)).scenario())


def test_every_fault_has_a_name_of_its_own():
    same = "{fail: {service: w}, at: 1s, for: 1s}"
    named = "{fail: {service: w}, at: 1s, for: 1s, name: fail w#2}"
    assert [f.name for f in topology(same, same, same).faults] == ["fail w", "fail w#2", "fail w#3"]
    assert [f.name for f in topology(named, same, same).faults] == ["fail w#2", "fail w", "fail w#3"]


def test_two_faults_that_are_written_alike_do_not_share_their_luck():
    at_random = "{slow: {service: w, times: 2}, mtbf: 20s, mttr: 5s}"
    record = engines.run(topology(at_random, at_random), 1)
    first, second = ([f.start_ns for f in record.faults if f.fault == i] for i in (0, 1))
    assert len(first) > 5
    assert not set(first) & set(second)


def test_of_two_faults_that_fail_half_each_a_quarter_passes():
    half = "{fail: {service: w, share: 50%}, at: 0s}"
    record = engines.run(topology(half, half), 1)
    ok, n = record.counts[0, 0, :, 0].sum(), record.counts[0, 0].sum()
    assert abs(ok / n - 0.25) < 4 * (0.25 * 0.75 / n) ** 0.5

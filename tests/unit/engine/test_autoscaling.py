"""The autoscaler sees what its replicas do now, not what they did before they last left."""

from sim import engines
from sim.record.types import UP_NS
from sim.scenario import load_text
from sim.topology.build import build

IN_AND_OUT = """
schema: 1
name: in-and-out
duration: 80s
bucket: 1s
sources:
  users:
    rate: [[0s, 20/s], [20s, 20/s], [20s, 2/s], [40s, 2/s], [40s, 20/s]]
    arrivals: deterministic
    call: web
services:
  web:
    replicas: 1
    slots: 1
    queue: 5
    autoscale: {target: 60%, interval: 5s, startup: 3s, min: 1, max: 10}
    steps: [work: 50ms]
"""


def test_a_replica_that_joins_again_brings_no_work_of_its_earlier_life():
    # 20/s x 50 ms keep one core busy: with a target of 60 % two replicas are wanted, never more.
    topology = build(load_text(IN_AND_OUT).scenario())
    record = engines.run(topology, 1)
    up = record.gauges[:, :, UP_NS].sum(axis=0) / record.bucket_ns
    assert up[15] == 2 and up[38] == 1 and up[75] == 2
    assert up.max() == 2

"""The commented starter file of `cascadelab new`."""

import re
from pathlib import Path

_TEXT = """\
# yaml-language-server: $schema=@SCHEMA@
# A scenario: services that call each other, a fault, and the variants that are compared.
#   cascadelab check FILE      what it means, without running it
#   cascadelab run FILE        one run
#   cascadelab compare FILE    every variant over the same requests
# Every value carries its unit: 250ms, 120/s, 30%. `cascadelab schema` prints the schema for editors.
schema: 1
name: @NAME@
about: A database gets slow; do its callers survive, and what does a breaker change?
duration: 120s # sources send until then
warmup: 10s # cut from tables, not from state

sources: # where requests come from
  users:
    rate: 50/s # also [[0s, 50/s], [60s, 100/s]] or {spike: {base: 50/s, peak: 200/s, at: 30s, for: 10s}}
    call: web.home # or mix: {web.home: 70%, web.about: 30%}
    policies:
      timeout: 2s

services:
  web:
    replicas: 2
    slots: 8 # requests inside a replica at once; a slot is kept while calls are out
    queue: 50 # waiting places; what finds none is shed
    endpoints:
      home:
        steps:
          - work: {exponential: 5ms} # also lognormal, gamma, mixture, quantiles, ...
          - call: db.query
      about: # never needs the database: a bystander
        steps:
          - work: 2ms
  db:
    slots: 4
    queue: 100
    endpoints:
      query:
        steps:
          - work: {lognormal: {mean: 15ms, p99: 60ms}}

edges: # `caller -> callee`: network and policies
  web -> db:
    network: 1ms
    timeout: 500ms
    retry: {attempts: 2, backoff: {fixed: 50ms}}

faults: # a verb, a target, a schedule
  - slow: {service: db, times: 20}
    at: 40s
    for: 30s

variants: # each is merged over the file
  none: {}
  breaker:
    edges:
      web -> db: {breaker: {use: consecutive, open_for: 5s}}

rank_by: success_share during fault # the one measure that decides

expect: # makes the scenario a test: the exit code is 4 if a line does not hold
  - "success_share before fault > 95%"
"""


def starter(name: str) -> str:
    """A commented scenario that is valid and warns of nothing; what cannot stand in a name becomes a dash."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "my-scenario"
    schema = Path(__file__).with_name("schema.json").as_uri()
    return _TEXT.replace("@NAME@", clean).replace("@SCHEMA@", schema)

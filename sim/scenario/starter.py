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
about: A database gets slow. Does the page that never asks it fail too, and does a breaker save it?
duration: 60s # sources send until then
warmup: 5s # cut from tables, not from state

sources: # where requests come from
  users:
    rate: 60/s # also [[0s, 50/s], [60s, 100/s]] or {spike: {base: 50/s, peak: 200/s, at: 30s, for: 10s}}
    mix: {web.home: 70%, web.about: 30%} # or, if all go to one endpoint, call: web.home
    policies:
      timeout: 2s # users give up then

services:
  web:
    replicas: 1
    slots: 24 # requests inside a replica at once; a slot is kept while calls are out
    queue: 100 # waiting places; what finds none is shed
    endpoints:
      home: # needs the database: a dependant
        steps:
          - work: {exponential: 5ms} # also lognormal, gamma, mixture, quantiles, ...
          - call: db.query
      about: # never needs the database: a bystander. If it fails, that is the avalanche
        steps:
          - work: 2ms
  db:
    slots: 8
    queue: 100
    endpoints:
      query:
        steps:
          - work: {lognormal: {mean: 20ms, p99: 80ms}}

edges: # `caller -> callee`: network and policies
  web -> db:
    network: 1ms # one way
    timeout: 1s # of each try; meanwhile the call holds a slot of web
    retry: {attempts: 2, backoff: {fixed: 50ms}} # attempts: tries in all, the first included

faults: # a verb, a target, a schedule
  - slow: {service: db, times: 20} # its work takes 20 times as long
    at: 20s
    for: 20s

variants: # each is merged over the file
  none: {}
  breaker: # opens after 5 failures in a row; refuses at once for 5 s, then one probe decides
    edges:
      web -> db: {breaker: {use: consecutive, open_for: 5s}}

rank_by: success_share(web.about) during fault # the one measure that decides

expect: # makes the scenario a test: the exit code is 4 if a line does not hold
  - "success_share before fault > 95%"
  - "none: failing_bystanders >= 1" # the avalanche comes
  - "breaker: failing_bystanders == 0" # and the breaker stops it
"""


def starter(name: str) -> str:
    """A commented scenario that is valid and warns of nothing; what cannot stand in a name becomes a dash."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "my-scenario"
    schema = Path(__file__).with_name("schema.json").as_uri()
    return _TEXT.replace("@NAME@", clean).replace("@SCHEMA@", schema)

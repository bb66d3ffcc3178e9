"""One run as a folder."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InvalidScenario, StoreError
from sim.record.types import Record
from sim.scenario import load_text
from sim.scenario.model import Scenario
from sim.store import tables
from sim.topology.build import build
from sim.topology.types import Topology

FORMAT = 1
TWIN = "twin.csv"
"""The calls of the run without its faults, where a baseline is taken from it."""
TABLES = {
    "calls.csv": tables.calls,
    "counters.csv": tables.counters,
    "latency.csv": tables.latency,
    "endpoints.csv": tables.endpoints,
    "replicas.csv": tables.replicas,
    "breakers.csv": tables.transitions,
    "copies.csv": tables.copies,
    "faults.csv": tables.faults,
    "in_flight.csv": tables.in_flight,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A run read back from its folder."""

    record: Record
    topology: Topology
    scenario: Scenario
    manifest: dict[str, Any]
    summary: dict[str, Any]
    twin: Record | None
    """Its calls only; the rest of it is 0."""


def run_files(
    record: Record,
    topology: Topology,
    scenario_yaml: str,
    summary: dict[str, Any],
    manifest: dict[str, Any],
    twin: Record | None = None,
) -> dict[str, str]:
    """The files of a run folder by name. Only manifest.json depends on when and where it ran."""
    facts = {
        "end_ns": record.end_ns,
        "arrivals_end_ns": record.arrivals_end_ns,
        "events": record.events,
        "bucket_ns": record.bucket_ns,
        "buckets": int(record.counts.shape[2]),
    }
    files = {name: table(record, topology) for name, table in TABLES.items()}
    files["scenario.yaml"] = scenario_yaml
    if twin is not None:
        files[TWIN] = tables.calls(twin, topology)
        facts |= {"twin_bucket_ns": twin.bucket_ns, "twin_buckets": int(twin.counts.shape[2])}
    if record.walks:
        files["walks.jsonl"] = "".join(json.dumps(line) + "\n" for line in record.walks)
    files["summary.json"] = to_json({"format": FORMAT, "run": facts, **summary})
    digests = {name: _digest(files[name]) for name in sorted(files)}
    files["manifest.json"] = to_json({"format": FORMAT, **manifest, "files": digests})
    return files


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def to_json(data: Any) -> str:
    """Readable JSON; what is not a number is null."""
    return json.dumps(_clean(data), indent=2, allow_nan=False) + "\n"


def _clean(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(k): _clean(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [_clean(v) for v in data]
    if isinstance(data, float) and data != data:
        return None
    if isinstance(data, float) and data in (float("inf"), float("-inf")):
        return "inf" if data > 0 else "-inf"
    return data


def load_run(folder: str | Path) -> Stored:
    """Read a run folder. Raises StoreError if it is not one, or is not as it was written."""
    folder = Path(folder)
    manifest = _manifest(folder)
    files = {name: _read(folder, name) for name in ("scenario.yaml", "summary.json", *TABLES)}
    files |= {name: _read(folder, name) for name in (TWIN, "walks.jsonl") if (folder / name).exists()}
    for name, digest in manifest.get("files", {}).items():
        if name not in files or _digest(files[name]) != digest:
            what = "is missing" if name not in files else "is not as it was written: cut short or changed"
            msg = f"{folder / name}: {what}; run the scenario again"
            raise StoreError(msg)
    try:
        return _stored(folder, manifest, files)
    except (InvalidScenario, ValueError, LookupError, TypeError, AttributeError) as error:
        msg = f"{folder}: its files do not fit together ({type(error).__name__}: {error})"
        raise StoreError(msg) from error


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        msg = f"{folder}: not a run folder: {name}: {getattr(error, 'strerror', None) or error}"
        raise StoreError(msg) from error


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_read(folder, "manifest.json"))
    except ValueError as error:
        msg = f"{folder / 'manifest.json'}: is no JSON: {error}"
        raise StoreError(msg) from error
    if not isinstance(manifest, dict) or manifest.get("kind") == "comparison":
        msg = f"{folder}: not a run folder" + (
            ": it holds a comparison" if isinstance(manifest, dict) else ""
        )
        raise StoreError(msg)
    if manifest.get("format") != FORMAT:
        msg = f"{folder}: written in format {manifest.get('format')}; this version reads {FORMAT}"
        raise StoreError(msg)
    return manifest


def _stored(folder: Path, manifest: dict[str, Any], files: dict[str, str]) -> Stored:
    summary = json.loads(files["summary.json"])
    known = manifest.get("plugins", ())
    scenario = load_text(
        files["scenario.yaml"], str(folder / "scenario.yaml"), known_breakers=known, base_dir=folder
    ).scenario()
    topology = build(scenario)
    facts = summary["run"]
    record = tables.read_record(files, topology, facts)
    record.walks = [json.loads(line) for line in files.get("walks.jsonl", "").splitlines()]
    twin = _twin(record, topology, files[TWIN], facts) if TWIN in files else None
    return Stored(record, topology, scenario, manifest, summary, twin)


def _twin(record: Record, topology: Topology, text: str, facts: dict[str, int]) -> Record:
    width, buckets = facts["twin_bucket_ns"], facts["twin_buckets"]
    counts, sums = tables.read_calls(text, topology, buckets, width)
    return replace(
        record, bucket_ns=width, counts=counts, latency_ns=sums, counters=np.zeros_like(record.counters),
        visits=np.zeros_like(record.visits), gauges=np.zeros_like(record.gauges), histograms={},
        in_flight=np.zeros_like(record.in_flight), transitions=[], copies=[], faults=[], walks=[],
    )  # fmt: skip

"""One run as a folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import StoreError
from sim.record.types import Record
from sim.scenario import load_text
from sim.scenario.model import Scenario
from sim.store import tables
from sim.topology.build import build
from sim.topology.types import Topology

FORMAT = 1
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


def run_files(
    record: Record, topology: Topology, scenario_yaml: str, summary: dict[str, Any], manifest: dict[str, Any]
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
    files["summary.json"] = to_json({"format": FORMAT, "run": facts, **summary})
    files["manifest.json"] = to_json({"format": FORMAT, **manifest})
    if record.walks:
        files["walks.jsonl"] = "".join(json.dumps(line) + "\n" for line in record.walks)
    return files


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
    """Read a run folder. Raises StoreError if it is not one."""
    folder = Path(folder)
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        summary = json.loads((folder / "summary.json").read_text())
        files = {name: (folder / name).read_text() for name in TABLES}
        text = (folder / "scenario.yaml").read_text()
        walks = folder / "walks.jsonl"
        lines = walks.read_text().splitlines() if walks.exists() else []
    except (OSError, ValueError) as error:
        msg = f"{folder}: not a run folder: {error}"
        raise StoreError(msg) from error
    if manifest.get("format") != FORMAT:
        msg = f"{folder}: written in format {manifest.get('format')}; this version reads {FORMAT}"
        raise StoreError(msg)
    loaded = load_text(text, str(folder / "scenario.yaml"), known_breakers=manifest.get("plugins", ()))
    scenario = loaded.scenario()
    topology = build(scenario)
    record = tables.read_record(files, topology, summary["run"])
    record.walks = [json.loads(line) for line in lines]
    return Stored(record, topology, scenario, manifest, summary)

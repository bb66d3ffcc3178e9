"""`cascadelab conformance`."""

import click

from sim.cli import common

FAILED = 4


@click.command("conformance")
@click.argument("vectors", type=click.Path(allow_dash=True))
@common.json_option
@click.pass_context
def command(ctx: click.Context, vectors: str, as_json: bool) -> int:
    """Replay the conformance vectors of a YAML file against the catalogue.

    One line per vector: its id, and `pass` or the first step that differs, with what was expected and
    seen. What is not supported has failed. Exit code 4 if any failed.
    """
    import json
    from dataclasses import asdict

    from sim.policies.replay import replay
    from sim.scenario.vectors import load_vectors

    results = [replay(vector) for vector in load_vectors(vectors)]
    failed = sum(not r.passed for r in results)
    if as_json:
        counts = {"passed": len(results) - failed, "failed": failed}
        click.echo(json.dumps({"vectors": [asdict(r) for r in results], **counts}, indent=2))
    else:
        width = max(len(r.id) for r in results)
        for r in results:
            where = f"step {r.step}: " if r.step > 0 else ""
            click.echo(f"{r.id:<{width}}  {'pass' if r.passed else f'FAIL  {where}{r.message}'}")
        click.echo(f"{len(results) - failed} passed, {failed} failed")
    ctx.exit(FAILED if failed else 0)

"""The command line. One module per command, imported when it is used: `--help` imports click alone."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

COMMANDS = {
    "run": "Run one variant of a scenario.",
    "compare": "Compare the variants of a scenario over seeds.",
    "check": "Validate a scenario and show its plan, without running it.",
    "new": "Write a commented starter scenario.",
    "generate": "Write a scenario with a random service graph of any size.",
    "import": "Write a scenario from settings or a service graph of another tool.",
    "export": "Write the policies of a scenario as settings of a library or mesh.",
    "schema": "Print the JSON Schema of scenario files.",
    "policies": "List breakers and their parts.",
    "explain": "Explain a breaker, a part, a measure, an outcome or a field.",
    "conformance": "Replay conformance vectors against the catalogue.",
    "validate": "Reproduce closed forms and published results.",
    "plot": "Draw figures of a results folder again.",
}


class Lazy(click.Group):
    """Knows the names and one-line helps of its commands; imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"sim.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Unknown names get the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            if near and "Did you mean" not in error.message:
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> object:
        """Whoever read our output may have gone (`| head`): that is their right."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _forget_stdout()
            ctx.exit(0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and helps, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        import sim

        click.echo(f"cascadelab {sim.__version__} ({sim.__file__})")
        ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Version and place."
)
def cli() -> None:
    """A laboratory for cascading failure: does the avalanche come, and which breaker stops it?

    Results go to stdout and to a folder under results/, words and progress to stderr.
    Exit codes: 0 fine, 1 internal error, 2 usage, 3 invalid input, 4 expectation not met,
    5 results cannot be written, 130 interrupted.
    """


CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a stream that is written to may answer; files of ours are told of by OutputError."""


def main(args: list[str] | None = None) -> None:
    """Entry point of the console script."""
    try:
        with _interruptible():
            code = cli.main(args=args, prog_name="cascadelab", standalone_mode=False)
            sys.exit(code if isinstance(code, int) else 0)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        sys.exit(_told(error))


@contextmanager
def _interruptible() -> Iterator[None]:
    """`kill` ends us as Ctrl-C does: what is complete is kept, and no process stays behind."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    from sim.errors import CascadelabError, OutputError

    if isinstance(error, OSError) and error.errno in CANNOT_WRITE and error.filename is None:
        _forget_stdout()
        click.echo(f"stdout cannot be written: {error.strerror}", err=True)
        return OutputError.exit_code
    known = isinstance(error, CascadelabError)
    code = error.exit_code if isinstance(error, CascadelabError) else 1
    words = [str(error), *getattr(error, "__notes__", ())] if known else []
    # A failed run of many is told by us; what it failed of may be no error of ours.
    inner = error.__cause__ if known and code == 1 and error.__cause__ else error
    if not isinstance(inner, CascadelabError):
        import traceback

        traceback.print_exception(inner)
        words += ["", "This is a mistake of cascadelab, not yours: please report it with the lines above."]
    click.echo("\n".join(words), err=True)
    return code


def _forget_stdout() -> None:
    """What is left in its buffer would fail once more when Python ends."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")

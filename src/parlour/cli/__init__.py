"""The command line: every command by name, loaded when it is called, and how failures are told."""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from parlour import __version__

COMMANDS: Final = {
    "serve": ("serving", "Serve visitors, programs and owners."),
    "worker": ("serving", "Run a worker process beside servers, on PostgreSQL and Redis."),
    "migrate": ("safety", "Bring the database up to date."),
    "doctor": ("safety", "Look at everything this instance needs and say what is wrong."),
    "backup": ("safety", "Write everything into one file, while the server runs."),
    "restore": ("restoring", "Fill an empty database from a backup."),
    "workspace": ("workspaces", "Make and list workspaces."),
    "staff": ("staff digests", "Invite, add and list people."),
    "team": ("teams handoffs", "Say who looks after which agents."),
    "key": ("keys", "Make, list and revoke API keys."),
    "event": ("events", "See what the staff and their programs did."),
    "agent": ("agents drafts sharing hours", "Make, publish and switch agents."),
    "link": ("links rotating hours", "Make, list and end links to agents."),
    "conversation": (
        "conversations devices downloads visitors",
        "List, show, share, download and forget conversations.",
    ),
    "visitor": ("visitors receipts", "Show and forget visitors."),
    "canned": ("canned", "Keep answers that the team has ready."),
    "privacy": ("privacy", "Say what is personal, and who may see it for a reason."),
    "retention": ("retention", "Say for how long what is said is kept."),
    "metrics": ("metrics", "See how much of everything there was, and a line for each session."),
    "message": ("messages", "Find what was said, and questions without an answer."),
    "handoff": ("handoffs", "See who waits for a person of the team."),
    "note": ("notes", "See to what visitors left at links that were shut."),
    "identity": (
        "identity",
        "Make, list and revoke keys by which your programs say who visitors are.",
    ),
    "webhook": ("webhooks", "Have your programs told of what happens."),
    "mail": ("mails", "Try whether mail goes out."),
    "widget": ("widgets", "Say how agents look, and share their chat links."),
}
"""Name → its modules, the first of which holds it, and its line in the help: nothing is loaded to
print that."""


class Commands(click.Group):
    """A group that loads a command only when it is called, so that help is there at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None when there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        names = COMMANDS[cmd_name][0].split()
        # What a program is made of stays: looking for garbage in it takes a tenth of the start.
        gc.disable()
        try:
            modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
        finally:
            gc.enable()
        found: click.Command = getattr(modules[0], cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their lines."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="parlour %(version)s")
def parlour() -> None:
    """Put a chatbot behind links that you control.

    Settings come from PARLOUR_… variables; docs/settings.md lists them. Every command takes
    --json. The exit status is 0 when it is done, 1 when it was refused or failed, 2 when the
    command line was wrong.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its status; a failure is one line on standard error."""
    try:
        status = parlour.main(arguments, prog_name="parlour", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("parlour: stopped", err=True)
        status = 1
    except BrokenPipeError:
        # Whoever read our output has gone; what is buffered must not break the exit, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:  # noqa: BLE001 - whatever it was, a person gets one line
        click.echo(f"parlour: {_told(error)}", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _told(error: Exception) -> str:
    from parlour.kit.errors import Problem  # noqa: PLC0415 - only a failure needs to know

    if os.environ.get("PARLOUR_LOG_LEVEL") == "debug":
        import traceback  # noqa: PLC0415 - as above

        traceback.print_exc()
    if not isinstance(error, Problem):
        return _one_line(f"this broke unexpectedly: {type(error).__name__}: {error}")
    more = [each for each in error.errors if each.field and each.message not in error.detail]
    missing = [f"{each.field}: {each.message}" for each in more]
    return _one_line(f"{error.detail} ({'; '.join(missing)})" if missing else error.detail)


def _one_line(text: Any) -> str:
    return " ".join(str(text).split())

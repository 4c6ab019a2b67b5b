"""All commands of `reels`, gathered."""

import typer

from reels.cli import importing
from reels.cli.generate import generate_sample
from reels.cli.simulate import simulate

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A personalised short-video feed engine: import a catalogue, train, serve, learn, measure.",
)
app.add_typer(importing.app, name="import")
app.command("generate")(generate_sample)
app.command("simulate")(simulate)


@app.callback()
def _reels() -> None:
    pass

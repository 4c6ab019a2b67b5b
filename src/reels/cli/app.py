"""All commands of `reels`, gathered."""

import typer

from reels.cli import importing

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A personalised short-video feed engine: import a catalogue, train, serve, learn, measure.",
)
app.add_typer(importing.app, name="import")


@app.callback()
def _reels() -> None:
    pass

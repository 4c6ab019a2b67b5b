"""All commands of `reels`, gathered."""

import typer

from reels.cli import api, generate, importing, keys, media, simulate

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A personalised short-video feed engine: import a catalogue, train, serve, learn, measure.",
)
app.add_typer(importing.app, name="import", rich_help_panel="Data")
app.command(rich_help_panel="Data")(generate.generate)
app.command(rich_help_panel="Data")(media.media)
app.command(rich_help_panel="Serve")(api.api)
app.command(rich_help_panel="Serve")(keys.keys)
app.command(rich_help_panel="Serve")(keys.token)
app.command(rich_help_panel="Measure")(simulate.simulate)

"""All commands of `reels`, gathered."""

import typer

from reels.cli import (
    admin,
    api,
    batch,
    demo,
    doctor,
    evaluate,
    generate,
    importing,
    jobs,
    keys,
    media,
    mongo_setup,
    replay,
    score,
    serve,
    settings,
    simulate,
    ui,
    worker,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A personalised short-video feed engine: import a catalogue, train, serve, learn, measure.",
)
app.command(rich_help_panel="Start")(demo.demo)
app.command(rich_help_panel="Start")(serve.serve)
app.add_typer(importing.app, name="import", rich_help_panel="Data")
app.command(rich_help_panel="Data")(generate.generate)
app.command(rich_help_panel="Data")(media.media)
app.add_typer(jobs.app, name="jobs", rich_help_panel="Models")
app.command(rich_help_panel="Answers")(batch.batch)
app.command(rich_help_panel="Answers")(score.score)
app.command(rich_help_panel="Answers")(replay.replay)
app.command(rich_help_panel="Measure")(simulate.simulate)
app.command(rich_help_panel="Measure")(evaluate.evaluate)
app.command(rich_help_panel="Measure")(evaluate.evaluation_report)
for process in (api.api, worker.worker, ui.ui):
    app.command(rich_help_panel="Single processes")(process)
app.command(rich_help_panel="Set-up")(settings.settings)
app.command(rich_help_panel="Set-up")(doctor.doctor)
app.command(rich_help_panel="Set-up")(mongo_setup.mongo_setup)
app.command(rich_help_panel="Set-up")(keys.keys)
app.command(rich_help_panel="Set-up")(keys.token)
app.add_typer(admin.app, name="admin", rich_help_panel="Set-up")

"""What stands in the tables, whoever draws them."""

from dataclasses import dataclass
from math import isnan

from reels.evaluation.compare import Difference
from reels.evaluation.intervals import Estimate
from reels.evaluation.results import Evaluation, Row


@dataclass(frozen=True, slots=True)
class Column:
    """One metric: its head, how it is written, and which direction is better (0 = neither)."""

    metric: str
    head: str
    form: str
    better: int = 0
    interval: bool = False


COLUMNS = (
    Column("recall@10", "R@10", ".4f", 1, interval=True),
    Column("recall@20", "R@20", ".4f", 1),
    Column("recall@300", "R@300", ".3f", 1),
    Column("ndcg@10", "NDCG@10", ".4f", 1, interval=True),
    Column("ndcg@20", "NDCG@20", ".4f", 1),
    Column("mrr", "MRR", ".4f", 1),
    Column("coverage@10", "cover", ".3f", 1),
    Column("coverage@10 of 1000", "of 1k", ".3f", 1),
    Column("gini@10", "Gini", ".3f", -1),
    Column("new_reels@10", "new", ".3f"),
    Column("small_creators@10", "small", ".3f"),
    Column("novelty@10", "novelty", ".1f"),
    Column("diversity@10", "divers.", ".3f"),
    Column("auc", "AUC", ".4f", 1, interval=True),
    Column("gauc", "GAUC", ".4f", 1, interval=True),
)
LEGEND = (
    "R, NDCG, MRR: lists of all reels, those already shown to the viewer masked, nothing sampled, equal scores in an "
    "arbitrary fixed order (which is where a model without any opinion ends up); ± half the width of the 95% bootstrap "
    "interval over viewers. cover: share of the reels in anybody's first ten, which grows with the "
    "viewers asked; of 1k: what it would be with 1,000 of them, to be compared between questions. "
    "Gini of how often each is there (0 = all alike). new: share of the first ten places with reels of "
    "at most five training exposures. small: with reels of creators below the median in training exposures. novelty: "
    "bits. divers.: mean 1 - cosine of TF-IDF within the first ten. AUC, GAUC: of what was really shown afterwards, "
    "GAUC within viewers, weighted by exposures. fit: seconds; ms: per viewer for a list of 300, in batches."
)
SPLITS = {
    "leave-last-out": "Asked for is each viewer's last positive; what came before it is learnt",
    "temporal": "Learnt is what came before a moment, asked for are each viewer's positives after it",
    "exposures": "Learnt is what came before a moment, judged is all that was shown after it, to whomever",
    "tune-exposures": "An earlier split, to choose settings on",
    "cold-reels": "A tenth of the reels (seed 42) is taken out of training; asked for is each viewer's last positive",
    "cold-viewers": "Some viewers are taken out of training; asked for is their next positive",
    "tune": "An earlier split, to choose settings on",
}
QUESTIONS = {
    "among cold": "it is one of those reels, and only they may be answered",
    "open, cold": "it is one of those reels, and all reels may be answered",
    "open, warm": "it is none of those reels, and all reels may be answered: what is paid for the cold ones",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table ready to be drawn. `best` marks cells (line, column) that are the best of their column."""

    title: str
    heads: list[str]
    lines: list[list[str]]
    best: set[tuple[int, int]]
    note: str = ""


def grids(evaluation: Evaluation) -> list[Grid]:
    """One table a question."""
    return [_grid(evaluation, *key, rows) for key, rows in evaluation.questions().items()]


def _grid(evaluation: Evaluation, split: str, question: str, rows: list[Row]) -> Grid:
    columns = [one for one in COLUMNS if any(_known(row, one.metric) for row in rows)]
    lines: list[list[str]] = []
    best: set[tuple[int, int]] = set()
    for row in rows:
        cells = [_cell(row.metrics.get(column.metric), column) for column in columns]
        lines.append([row.recommender, *cells, f"{row.fit_sec:.1f}", f"{row.serve_ms:.2f}"])
    for place, column in enumerate(columns):
        values = [column.better * row.metrics[column.metric].mean for row in rows if _known(row, column.metric)]
        best |= {
            (line, place + 1)
            for line, row in enumerate(rows)
            if column.better
            and _known(row, column.metric)
            and column.better * row.metrics[column.metric].mean == max(values)
        }
    title = f"{split}: {question} ({rows[0].viewers:,} viewers)"
    heads = ["", *(column.head for column in columns), "fit", "ms"]
    said = (SPLITS.get(split), QUESTIONS.get(question), evaluation.notes.get(f"{split}: {question}"))
    return Grid(title, heads, lines, best, "; ".join(one for one in said if one))


def comparison(found: list[Difference]) -> Grid:
    """The differences that have an interval, in the table's metrics."""
    forms = {column.metric: (column.head, column.form) for column in COLUMNS}
    lines: list[list[str]] = []
    best: set[tuple[int, int]] = set()
    for one in found:
        head, form = forms[one.metric]
        interval = "" if isnan(one.low) else f"{one.low:+{form}} .. {one.high:+{form}}"
        if one.certain:
            best.add((len(lines), 4))
        lines.append(
            [
                f"{one.split}: {one.question}",
                one.recommender,
                head,
                f"{one.before:{form}} -> {one.after:{form}}",
                f"{one.change:+{form}}",
                interval,
                "viewer by viewer" if one.paired else "",
            ]
        )
    heads = ["", "", "", "before -> now", "change", "95% interval", "paired"]
    return Grid("compared with the earlier run", heads, lines, best)


def _known(row: Row, metric: str) -> bool:
    return metric in row.metrics and not isnan(row.metrics[metric].mean)


def _cell(estimate: Estimate | None, column: Column) -> str:
    if estimate is None or isnan(estimate.mean):
        return ""
    text = f"{estimate.mean:{column.form}}"
    if column.interval and not isnan(estimate.low):
        text += f" ±{(estimate.high - estimate.low) / 2:{column.form}}"
    return text

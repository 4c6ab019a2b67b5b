"""One line of the table in docs/reliability.md, from what the viewers noted."""

from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.books import Books
from tests.faults.traffic import Traffic


@dataclass(frozen=True)
class Outcome:
    """What a fault cost the viewers."""

    fault: str
    pages: int
    """Asked for while the fault lasted and until all was well again, or shortly before."""
    whole_at_once: float
    """Share of pages answered 200 and full at the first try."""
    whole_in_the_end: float
    """Share of pages answered 200 and full when asked again as the app does."""
    slowest_page_sec: float
    acknowledged: int
    lost: int
    doubled: int
    derived_wrong: int
    recovered_sec: float
    """From the end of the fault (a process is being started again) to the last answer that was not whole, or was made
    without a store."""

    def as_property(self) -> dict[str, Any]:
        return asdict(self)


def outcome_of(fault: str, traffic: Traffic, books: Books, ended: float) -> Outcome:
    """`ended`: when the fault was over (`time.monotonic()`)."""
    feeds = [answer for answer in traffic.answers if answer.kind == "feed"]
    asked = traffic.first_tries
    bad = [answer.ended for answer in traffic.answers if not answer.well]
    short = sum(answer.why.endswith("items") for answer in feeds)
    return Outcome(
        fault=fault,
        pages=len(asked),
        whole_at_once=sum(one.whole for one in asked) / len(asked),
        whole_in_the_end=1.0 - short / len(asked),
        slowest_page_sec=max(one.ended - one.began for one in feeds),
        acknowledged=books.acknowledged,
        lost=books.lost,
        doubled=books.doubled,
        derived_wrong=books.states_wrong + books.counters_wrong,
        recovered_sec=max([0.0, *(at - ended for at in bad)]),
    )


HEAD = (
    "| fault | pages asked for | whole at the first try | whole when asked again | slowest page | "
    "events acknowledged | lost | doubled | derived data wrong | well again after |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def row(outcome: dict[str, Any]) -> str:
    """A line of the table."""
    one = Outcome(**outcome)
    return (
        f"| {one.fault} | {one.pages} | {one.whole_at_once:.2%} | {one.whole_in_the_end:.2%} | "
        f"{one.slowest_page_sec:.1f} s | {one.acknowledged} | {one.lost} | {one.doubled} | {one.derived_wrong} | "
        f"{one.recovered_sec:.1f} s |"
    )

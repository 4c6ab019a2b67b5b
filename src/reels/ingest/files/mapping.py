"""From rows to things: field by field, so that what is wrong can be named."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from reels.core.errors import BadRow, InputError
from reels.ingest.files.columns import ColumnMap
from reels.ingest.files.reader import Rows, read_rows

Made = TypeVar("Made")
FREE_FORM = (".jsonl", ".ndjson")
"""Formats whose rows may lack a field that other rows have."""


class FieldError(ValueError):
    """A field whose value can't be used."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def parse(fields: dict[str, Any], name: str, parser: Callable[[Any], Any]) -> Any:
    """The parsed value of a field; FieldError names the field."""
    try:
        return parser(fields.get(name))
    except ValueError as error:
        raise FieldError(name, str(error)) from None


def rows_made(file: Path, rows: Rows, make: Callable[[dict[str, Any]], Made]) -> Iterator[Made | BadRow]:
    """What `make` makes of each row's values; a BadRow where the row or one of its fields can't be used."""
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield make(row.values)
        except FieldError as error:
            yield BadRow(file.name, row.line, error.field, error.reason)


def mapped(
    path: Path, columns: ColumnMap, needed: str, make: Callable[[dict[str, Any]], Made]
) -> Iterator[Made | BadRow]:
    """What `make` makes of each row's known fields, under their documented names.

    Raises InputError where the file has no column for the `needed` field.
    """
    free_form = path.name.lower().removesuffix(".gz").endswith(FREE_FORM)

    def of_values(row: dict[str, Any]) -> Made:
        fields = columns.fields(row)
        if needed not in fields and not free_form:
            raise InputError(
                f"{path}: no column for {needed} (one of {', '.join(columns.names_of(needed))}); "
                f"the file has: {', '.join(row)[:300]}"
            )
        return make(fields)

    return rows_made(path, read_rows(path), of_values)

"""What a JSON value may look like, and the check of one against the other.

Both descriptions, Google's Discovery document and the models of Microsoft's library, are read into these
few shapes, so that there is one check and not two.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")
# RFC 3339; the offset stands apart because Google lets it go where a zone is named.
LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?")
MOMENT = re.compile(LOCAL_TIME.pattern + r"(Z|[+-]\d\d:\d\d)")
DURATION = re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WHOLE = re.compile(r"-?\d+")
INT32 = range(-(2**31), 2**31)
# How many letters of a wrong value are shown.
VALUE_SHOWN = 60


@dataclass(frozen=True)
class Finding:
    """Something that the description does not allow."""

    side: str
    place: str
    rule: str
    # What stood there; one finding is the same whatever it was.
    value: str = field(default="", compare=False)

    def __str__(self):
        return f"{self.side} {self.place}: {self.rule}"


@dataclass(frozen=True)
class Context:
    """Whose value it is, and what is said of this very operation."""

    side: str
    operation: str = ""
    null: bool = False


@dataclass(frozen=True)
class Scalar:
    """A value without parts."""

    name: str
    accepts: Callable[[Any], bool]


@dataclass(frozen=True)
class Choice:
    """One of a few texts."""

    name: str
    values: frozenset


@dataclass(frozen=True)
class Many:
    """A list."""

    item: Any


@dataclass(frozen=True)
class Named:
    """An object whose field names are free."""

    value: Any


@dataclass(frozen=True)
class Field:
    """A field of a record."""

    shape: Any
    read_only: bool = False
    required_by: frozenset = frozenset()


@dataclass
class Record:
    """An object with known fields."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    # Names that may stand beside the fields.
    is_annotation: Callable[[str], bool] = lambda _: False
    # The record that a value turns out to be; `None` when it says that it is something else altogether.
    narrowed: Callable[[dict, Context], "Record | None"] | None = None


def text(pattern: re.Pattern) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def is_whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_base64(value) -> bool:
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True) is not None
    except binascii.Error:
        return False


ANY = Scalar("anything", lambda _: True)
STRING = Scalar("a string", lambda value: isinstance(value, str))
BOOLEAN = Scalar("a boolean", lambda value: isinstance(value, bool))
INTEGER = Scalar("an integer of 32 bits", lambda value: is_whole(value) and value in INT32)
# Of 32 or of 64 bits, where a description does not say.
INTEGER_ANY = Scalar("an integer", is_whole)
NUMBER = Scalar("a number", lambda value: isinstance(value, (int, float)) and not isinstance(value, bool))
WHOLE_TEXT = Scalar("an integer as text", text(WHOLE))
LOCAL = Scalar("a moment with or without its offset", text(re.compile(f"{LOCAL_TIME.pattern}(Z|[+-]\\d\\d:\\d\\d)?")))
DAY = Scalar("a date", text(DATE))
INSTANT = Scalar("a moment with its offset", text(MOMENT))
CLOCK_TIME = Scalar("a time of day", text(TIME))
SPAN = Scalar("a duration", text(DURATION))
GUID = Scalar("a UUID", text(UUID))
BYTES = Scalar("base64", is_base64)


def check(shape, value, context: Context, place: str) -> Iterator[Finding]:
    """Everything in `value` that `shape` does not allow."""
    # OData answers with an empty list, never with none.
    if value is None and context.null and not (isinstance(shape, Many) and context.side == "reply"):
        return
    if isinstance(shape, Record):
        yield from check_record(shape, value, context, place)
    elif isinstance(shape, Many):
        if not isinstance(value, list):
            yield wrong(context, place, value, "a list")
            return
        for item in value:
            # A list has no empty places.
            inner = Context(context.side, context.operation, null=False) if item is None else context
            yield from check(shape.item, item, inner, f"{place}[]")
    elif isinstance(shape, Named):
        if not isinstance(value, dict):
            yield wrong(context, place, value, "an object")
            return
        for item in value.values():
            yield from check(shape.value, item, context, f"{place}.*")
    elif isinstance(shape, Choice):
        if not isinstance(value, str) or value not in shape.values:
            yield wrong(context, place, value, f"one of {shape.name}")
    elif not shape.accepts(value):
        yield wrong(context, place, value, shape.name)


def check_record(shape: Record, value, context: Context, place: str) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield wrong(context, place, value, "an object")
        return
    if shape.narrowed:
        narrowed = shape.narrowed(value, context)
        if narrowed is None:
            yield Finding(context.side, place, f"its @odata.type is no {shape.name}")
            return
        shape = narrowed
    for name, item in value.items():
        known = shape.fields.get(name)
        if known is None:
            if not shape.is_annotation(name):
                yield Finding(context.side, f"{place}.{name}", f"is not a field of {shape.name}")
            continue
        if known.read_only and context.side == "request":
            yield Finding(context.side, f"{place}.{name}", f"is read-only in {shape.name}")
        yield from check(known.shape, item, context, f"{place}.{name}")
    for name, known in shape.fields.items():
        if context.side == "request" and context.operation in known.required_by and name not in value:
            yield Finding(context.side, f"{place}.{name}", f"is required by {context.operation}")


def wrong(context: Context, place: str, value, wanted: str) -> Finding:
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= VALUE_SHOWN else f"{shown[:VALUE_SHOWN]}…"
    return Finding(context.side, place, f"is not {wanted}", shown)

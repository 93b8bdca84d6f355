"""One operation of a service, and what its description says of an exchange."""

import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shapes import BOOLEAN, INTEGER, INTEGER_ANY, Context, Finding, Many, Named, Record, check


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as a simulator wrote them down."""

    place: str
    program: str
    provider: str
    in_batch: bool
    method: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: str
    status: int
    response_headers: dict[str, str]
    response_body: str

    @classmethod
    def of(cls, line: dict, place: str, program: str) -> "Exchange":
        def headers(pairs):
            return {name.lower(): value for name, value in pairs}

        return cls(
            place=place,
            program=program,
            provider=line["provider"],
            in_batch=line["in_batch"],
            method=line["method"],
            path=line["path"],
            query=line["query"] or "",
            request_headers=headers(line["request_headers"]),
            request_body=line["request_body"],
            status=line["status"],
            response_headers=headers(line["response_headers"]),
            response_body=line["response_body"],
        )

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        asked = f"{self.method} {self.path}{query}"
        return f"{self.place} ({self.program}): {asked} answered {self.status}"

    @property
    def was_cut(self) -> bool:
        """No answer: the connection ended first."""
        return self.status == 0

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    def parameters(self) -> list[tuple[str, str]]:
        return urllib.parse.parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True)
class Parameter:
    """A parameter in the query."""

    shape: Any
    required: bool = False
    repeated: bool = False
    minimum: int | None = None
    maximum: int | None = None

    def check(self, name: str, value: str) -> Iterator[Finding]:
        place = f"query {name}"
        if self.shape == BOOLEAN:
            if value not in ("true", "false"):
                yield Finding("request", place, "is not true or false")
            return
        if self.shape in (INTEGER, INTEGER_ANY):
            try:
                number = int(value)
            except ValueError:
                yield Finding("request", place, "is not an integer")
                return
            if self.minimum is not None and number < self.minimum:
                yield Finding("request", place, f"is less than {self.minimum}")
            if self.maximum is not None and number > self.maximum:
                yield Finding("request", place, f"is more than {self.maximum}")
            return
        yield from check(self.shape, value, Context("request"), place)


@dataclass(frozen=True)
class Operation:
    """What may be asked and answered."""

    name: str
    parameters: dict[str, Parameter] = field(default_factory=dict)
    request: Any = None
    reply: Any = None
    # Whether a field may be null, by the side of the exchange.
    null: frozenset = frozenset()

    def check_query(self, pairs: list[tuple[str, str]]) -> Iterator[Finding]:
        names = [name for name, _ in pairs]
        for name, value in pairs:
            known = self.parameters.get(name)
            if known is None:
                yield Finding("request", f"query {name}", f"is no parameter of {self.name}")
                continue
            yield from known.check(name, value)
            if names.count(name) > 1 and not known.repeated:
                yield Finding("request", f"query {name}", "is repeated")
        for name, known in self.parameters.items():
            if known.required and name not in names:
                yield Finding("request", f"query {name}", f"is required by {self.name}")

    def check_request_body(self, exchange: Exchange) -> Iterator[Finding]:
        body = exchange.request_body
        if self.request is None:
            if body:
                yield Finding("request", "body", f"{self.name} takes none")
            return
        yield from check_type(exchange.request_headers, "request")
        yield from self._check_json(self.request, body, "request")

    def check_reply_body(self, exchange: Exchange) -> Iterator[Finding]:
        body = exchange.response_body
        if self.reply is None:
            if body:
                yield Finding("reply", "body", f"{self.name} answers with none")
            return
        # The part of a batch is written down without its headers.
        wrong = [] if exchange.in_batch else list(check_type(exchange.response_headers, "reply"))
        if wrong:
            yield from wrong
            return
        yield from self._check_json(self.reply, body, "reply")

    def _check_json(self, shape, body: str, side: str) -> Iterator[Finding]:
        try:
            value = json.loads(body)
        except ValueError:
            yield Finding(side, "body", "is not JSON")
            return
        yield from check(shape, value, Context(side, self.name, side in self.null), "body")


def check_type(headers: dict[str, str], side: str) -> Iterator[Finding]:
    kind = headers.get("content-type", "")
    if kind.split(";")[0].strip().lower() != "application/json":
        yield Finding(side, "body", f"is {kind or 'of no type'} and not application/json")


def field_shape(shape, name: str):
    """The shape of a field with this name, through lists; `None` when there is none."""
    while isinstance(shape, Many):
        shape = shape.item
    if isinstance(shape, Named):
        return shape.value
    if isinstance(shape, Record) and name in shape.fields:
        return shape.fields[name].shape
    return None


def split_list(text: str) -> list[str]:
    """The parts of a list, at the commas (or semicolons) that stand in no parentheses and no quotes."""
    parts, depth, quoted, part = [], 0, False, ""
    for letter in text:
        if letter == "'":
            quoted = not quoted
        depth += (not quoted) * ((letter == "(") - (letter == ")"))
        if letter in ",;" and depth == 0 and not quoted:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [part.strip() for part in [*parts, part]]

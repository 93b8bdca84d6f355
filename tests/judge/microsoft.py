"""Microsoft Graph as the models and URL templates of Microsoft's own library describe it."""

import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from operations import Exchange, Operation, field_shape, split_list
from shapes import ANY, INTEGER_ANY, STRING, Context, Field, Finding, Many, Named, Record, check
from wheel import ROOT, Wheel

BASE = "/v1.0/"
# https://learn.microsoft.com/en-us/graph/json-batching; the library has it in another package.
BATCH_PARTS_MAX = 20
BATCH_REQUEST = Record("Batch", {
    "requests": Field(Many(Record("BatchPart", {
        "id": Field(STRING),
        "method": Field(STRING),
        "url": Field(STRING),
        "headers": Field(Named(STRING)),
        "body": Field(ANY),
        "dependsOn": Field(Many(STRING)),
    }))),
})
BATCH_REPLY = Record("BatchReply", {
    "responses": Field(Many(Record("BatchPartReply", {
        "id": Field(STRING),
        "status": Field(INTEGER_ANY),
        "headers": Field(Named(STRING)),
        "body": Field(ANY),
    }))),
})
# What may stand in the parentheses of an `$expand`.
EXPAND_OPTIONS = frozenset(
    {"$count", "$expand", "$filter", "$levels", "$orderby", "$search", "$select", "$skip", "$top"}
)
# What may stand in a `$filter` besides fields, their variables and values.
FILTER_WORDS = frozenset(
    {"add", "all", "and", "any", "contains", "endswith", "eq", "false", "ge", "gt", "in", "le", "lt", "ne", "not"}
    | {"null", "or", "startswith", "true"}
)
LINKS = ("@odata.nextLink", "@odata.deltaLink")


class Microsoft:
    """The service."""

    provider = "microsoft"

    def __init__(self, descriptions: Path):
        self.wheel = Wheel(descriptions)
        self.error = self.wheel.model(f"{ROOT}/models/o_data_errors/o_data_error.py", "ODataError")
        self.links: set[str] = set()

    def begin(self):
        """Another simulator: links that the last one gave mean nothing to it."""
        self.links.clear()

    def judge(self, exchange: Exchange) -> Iterator[Finding]:
        """Everything in this exchange that the library does not describe."""
        if exchange.path == BASE + "$batch":
            yield from judge_batch(exchange)
            return
        operations = self.wheel.operations(path_parts(exchange.path))
        if operations is None:
            yield Finding("request", "path", "is unknown")
            return
        operation = operations.get(exchange.method)
        if operation is None:
            yield Finding("request", "path", f"{exchange.method} is no method here")
            return
        yield from self._judge_query(exchange, operation)
        yield from operation.check_request_body(exchange)
        if exchange.was_cut:
            return
        if exchange.succeeded:
            yield from operation.check_reply_body(exchange)
        elif exchange.response_body or exchange.status < 500:
            yield from self._judge_error(exchange)
        self.links.update(links_of(exchange))

    def _judge_query(self, exchange: Exchange, operation: Operation) -> Iterator[Finding]:
        # A link is the service's own and goes back as it came, whatever it holds.
        if address(exchange.path, exchange.query) in self.links:
            return
        pairs = exchange.parameters()
        yield from operation.check_query(pairs)
        if "+" in exchange.query:
            yield Finding("request", "query", "has a + where the service wants %20")
        shape = field_shape(operation.reply, "value") if operation.reply else None
        yield from check_names(shape or operation.reply, pairs)

    def _judge_error(self, exchange: Exchange) -> Iterator[Finding]:
        """A refusal is JSON of the common form; a server that is in trouble may say anything."""
        try:
            body = json.loads(exchange.response_body)
        except ValueError:
            if exchange.status < 500:
                yield Finding("reply", "body", f"{exchange.status} is not JSON")
            return
        yield from check(self.error, body, Context("reply", null=True), "body")
        if not (isinstance(body, dict) and isinstance(body.get("error"), dict) and body["error"].get("code")):
            yield Finding("reply", "body.error.code", f"is missing in a {exchange.status}")


def path_parts(path: str) -> list[str]:
    """A path as the library has it.

    The library says `me` as a user like any other, and names neither functions nor their enumerations with
    their namespace; the service takes both:
    https://learn.microsoft.com/en-us/graph/delta-query-overview
    https://learn.microsoft.com/en-us/graph/api/outlookuser-supportedtimezones
    """
    parts = path.removeprefix(BASE).split("/")
    if parts[0] == "me":
        parts[:1] = ["users", "me"]
    parts = [urllib.parse.unquote(part).replace("/", "%2F") for part in parts]
    return [re.sub(r"=microsoft\.graph\.\w+'", "='", part).removeprefix("microsoft.graph.") for part in parts]


def address(path: str, query: str) -> tuple:
    """Path and query in a form that does not depend on how they are encoded."""
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return urllib.parse.unquote(path), tuple(sorted(pairs))


def links_of(exchange: Exchange) -> Iterator[tuple]:
    """The addresses that an answer gives for later."""
    given = [exchange.response_headers.get("location")]
    if exchange.succeeded and any(link in exchange.response_body for link in LINKS):
        try:
            body = json.loads(exchange.response_body)
        except ValueError:
            # A finding already; a page that broke off gives no link.
            body = {}
        given += [body.get(link) for link in LINKS]
    for link in filter(None, given):
        split = urllib.parse.urlsplit(link)
        yield address(split.path, split.query)


def check_names(shape, pairs: list[tuple[str, str]]) -> Iterator[Finding]:
    """Whether what is selected, expanded, filtered and sorted by are fields of the answer."""
    for name, value in pairs:
        place = f"query {name}"
        if name == "$select":
            for field in split_list(value):
                yield from check_path(shape, field, place)
        elif name == "$orderby":
            for part in split_list(value):
                path, _, direction = part.partition(" ")
                yield from check_path(shape, path, place)
                if direction not in ("", "asc", "desc"):
                    yield Finding("request", place, "has a direction that is neither asc nor desc")
        elif name == "$filter":
            yield from check_filter(shape, value, place)
        elif name == "$expand":
            for part in split_list(value):
                field, _, inner = part.partition("(")
                yield from check_path(shape, field, place)
                options = [it.partition("=")[::2] for it in split_list(inner.removesuffix(")")) if it]
                for option, _ in options:
                    if option not in EXPAND_OPTIONS:
                        yield Finding("request", place, f"{option} is no option")
                yield from check_names(field_shape(shape, field), options)


def check_filter(shape, text: str, place: str) -> Iterator[Finding]:
    """Whether every path in a filter begins with a field, or with the variable of an `any` or `all`."""
    bare = re.sub(r"'(?:[^']|'')*'|\d[\w:.+-]*", " ", text)
    variables = set(re.findall(r"\(\s*(\w+)\s*:", bare))
    for name in re.findall(r"(?<![\w/])[A-Za-z]\w*", bare):
        if name.lower() not in FILTER_WORDS and name not in variables and field_shape(shape, name) is None:
            yield Finding("request", place, f"{name} is no field of the answer")


def check_path(shape, path: str, place: str) -> Iterator[Finding]:
    at = shape
    for name in path.split("/"):
        at = field_shape(at, name) if at is not None else None
    if at is None:
        yield Finding("request", place, f"{path} is no field of the answer")


def judge_batch(exchange: Exchange) -> Iterator[Finding]:
    """The wrapping; the parts are exchanges of their own."""
    batch = Operation("POST /$batch", request=BATCH_REQUEST, reply=BATCH_REPLY)
    if exchange.method != "POST":
        yield Finding("request", "path", f"{exchange.method} is no method here")
        return
    yield from batch.check_query(exchange.parameters())
    wrong = list(batch.check_request_body(exchange))
    yield from wrong
    if wrong or not exchange.succeeded:
        return
    parts = json.loads(exchange.request_body).get("requests", [])
    if not 1 <= len(parts) <= BATCH_PARTS_MAX:
        yield Finding("request", "body.requests", f"has {len(parts)} parts, not 1 to {BATCH_PARTS_MAX}")
    for part in parts:
        if re.match(r"\w+:", part["url"]):
            yield Finding("request", "body.requests[].url", "is not relative")
    wrong = list(batch.check_reply_body(exchange))
    yield from wrong
    if not wrong:
        answered = sorted(part["id"] for part in json.loads(exchange.response_body)["responses"])
        if answered != sorted(part["id"] for part in parts):
            yield Finding("reply", "body.responses", "are not those of the requests")

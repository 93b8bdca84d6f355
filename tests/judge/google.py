"""Google Calendar as its Discovery document describes it."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from operations import Exchange, Operation, Parameter, field_shape, split_list
from shapes import (ANY, BOOLEAN, DAY, INSTANT, INTEGER, LOCAL, NUMBER, STRING, WHOLE_TEXT, Choice, Context, Field,
                    Finding, Many, Named, Record, Scalar, check, is_whole)

WHEEL = "google_api_python_client-*.whl"
DOCUMENT = "googleapiclient/discovery_cache/documents/calendar.v3.json"

NOT_MODIFIED = 304

# JSON has no integers of 64 bits, so they are texts; a request may say them as numbers all the same.
# https://developers.google.com/workspace/calendar/api/guides/push gives `expiration` as a number.
INT64 = Scalar("an integer of 64 bits", lambda value: is_whole(value) or WHOLE_TEXT.accepts(value))

SCALARS = {
    ("any", None): ANY,
    ("boolean", None): BOOLEAN,
    ("integer", "int32"): INTEGER,
    ("number", "double"): NUMBER,
    ("string", None): STRING,
    ("string", "date"): DAY,
    ("string", "date-time"): INSTANT,
    ("string", "int64"): INT64,
}

# What an error looks like is not in the document, but on
# https://developers.google.com/workspace/calendar/api/guides/errors
ERROR = Record("Error", {
    "error": Field(Record("Problem", {
        "code": Field(INTEGER),
        "message": Field(STRING),
        "status": Field(STRING),
        "details": Field(Many(Named(ANY))),
        "errors": Field(Many(Record("Reason", {
            "domain": Field(STRING),
            "reason": Field(STRING),
            "message": Field(STRING),
            "locationType": Field(STRING),
            "location": Field(STRING),
            "extendedHelp": Field(STRING),
        }))),
    })),
})


class Google:
    """The service."""

    provider = "google"

    def __init__(self, descriptions: Path):
        [wheel] = descriptions.glob(WHEEL)
        with zipfile.ZipFile(wheel) as archive:
            self.document = json.loads(archive.read(DOCUMENT))
        self.records: dict[str, Record] = {}
        self.common = {name: parameter(it) for name, it in self.document["parameters"].items()}
        self.root = "/" + self.document["servicePath"]
        self.batch_path = "/" + self.document["batchPath"]
        self.operations = list(self._operations(self.document))

    def _operations(self, node: dict) -> Iterator[tuple[str, re.Pattern, Operation]]:
        """Method, path and operation, the paths with fewer variables first."""
        found = []
        nodes = [node]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.get("resources", {}).values())
            found.extend(node.get("methods", {}).values())
        for method in sorted(found, key=lambda it: it["path"].count("{")):
            yield method["httpMethod"], path_pattern(self.root + method["path"]), self._operation(method)

    def _operation(self, method: dict) -> Operation:
        query = {
            name: parameter(it)
            for name, it in method.get("parameters", {}).items()
            if it["location"] == "query"
        }
        shape = {side: self._shape(method[side]) if side in method else None for side in ("request", "response")}
        # A patch takes a field away by naming it with null.
        null = frozenset({"request"}) if method["httpMethod"] == "PATCH" else frozenset()
        return Operation(method["id"], self.common | query, shape["request"], shape["response"], null)

    def _shape(self, schema: dict):
        if "$ref" in schema:
            return self._record(schema["$ref"], self.document["schemas"][schema["$ref"]])
        kind = schema["type"]
        if kind == "array":
            return Many(self._shape(schema["items"]))
        if kind == "object" and "additionalProperties" in schema:
            return Named(self._shape(schema["additionalProperties"]))
        if kind == "object":
            return self._record(None, schema)
        if "enum" in schema:
            return choice(schema["enum"])
        return SCALARS[kind, schema.get("format")]

    def _record(self, name: str | None, schema: dict) -> Record:
        if name in self.records:
            return self.records[name]
        record = Record(name or "this object")
        if name:
            self.records[name] = record
        for field, inner in schema.get("properties", {}).items():
            required = frozenset(inner.get("annotations", {}).get("required", ()))
            # The document has no machine word for it; its text has.
            read_only = "Read-only." in inner.get("description", "")
            record.fields[field] = Field(self._shape(inner), read_only, required)
        if name == "EventDateTime":
            record.narrowed = with_zone(record)
        return record

    def judge(self, exchange: Exchange) -> Iterator[Finding]:
        """Everything in this exchange that the document does not allow."""
        if exchange.path == self.batch_path:
            yield from judge_batch(exchange)
            return
        at_path = [(method, it) for method, pattern, it in self.operations if pattern.fullmatch(exchange.path)]
        operation = next((it for method, it in at_path if method == exchange.method), None)
        if operation is None:
            rule = f"{exchange.method} is no method here" if at_path else "is unknown"
            yield Finding("request", "path", rule)
            return
        pairs = exchange.parameters()
        yield from operation.check_query(pairs)
        yield from operation.check_request_body(exchange)
        for name, value in pairs:
            if name == "fields":
                yield from check_selection(operation.reply, value)
        if exchange.was_cut:
            return
        if exchange.succeeded:
            yield from operation.check_reply_body(exchange)
        else:
            yield from judge_error(exchange)


def with_zone(record: Record):
    """"A time zone offset is required unless a time zone is explicitly specified in timeZone", says the text of
    the document; its machine words cannot."""
    relaxed = Record(record.name, record.fields | {"dateTime": Field(LOCAL)})

    def narrowed(value: dict, context: Context) -> Record:
        return relaxed if context.side == "request" and value.get("timeZone") else record

    return narrowed


def path_pattern(template: str) -> re.Pattern:
    parts = re.split(r"\{\w+\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def choice(values: list[str]) -> Choice:
    return Choice(", ".join(values), frozenset(values))


def parameter(schema: dict) -> Parameter:
    shape = choice(schema["enum"]) if "enum" in schema else SCALARS[schema["type"], schema.get("format")]
    bound = {side: int(schema[side]) if side in schema else None for side in ("minimum", "maximum")}
    return Parameter(shape, schema.get("required", False), schema.get("repeated", False), **bound)


def check_selection(shape, text: str) -> Iterator[Finding]:
    """Whether `fields` names what the answer has: `a,b/c,d(e,f)`."""
    for part in split_list(text):
        path, _, inner = part.partition("(")
        names = path.split("/")
        at = shape
        for name in names:
            at = at if name == "*" else field_shape(at, name)
            if at is None:
                yield Finding("request", f"query fields {path}", "names no field of the answer")
                break
        else:
            if inner:
                yield from check_selection(at, inner.removesuffix(")"))


def judge_error(exchange: Exchange) -> Iterator[Finding]:
    """A refusal is JSON of the common form; a server that is in trouble may say anything."""
    if exchange.status == NOT_MODIFIED and not exchange.response_body:
        return
    try:
        body = json.loads(exchange.response_body)
    except ValueError:
        if exchange.status < 500:
            yield Finding("reply", "body", f"{exchange.status} is not JSON")
        return
    yield from check(ERROR, body, Context("reply"), "body")
    code = body.get("error", {}).get("code") if isinstance(body, dict) else None
    if code != exchange.status:
        yield Finding("reply", "body.error.code", f"is {code} and the status {exchange.status}")


def judge_batch(exchange: Exchange) -> Iterator[Finding]:
    """The wrapping: https://developers.google.com/workspace/calendar/api/guides/batch. The parts are
    exchanges of their own."""
    if exchange.method != "POST":
        yield Finding("request", "path", f"{exchange.method} is no method here")
    asked = multipart(exchange.request_headers, exchange.request_body)
    if asked is None:
        yield Finding("request", "body", "is not multipart/mixed")
        return
    if not exchange.succeeded:
        if not exchange.was_cut:
            yield from judge_error(exchange)
        return
    answered = multipart(exchange.response_headers, exchange.response_body)
    if answered is None:
        yield Finding("reply", "body", "is not multipart/mixed")
        return
    for side, parts in (("request", asked), ("reply", answered)):
        if any(part.get("content-type") != "application/http" for part in parts):
            yield Finding(side, "part", "is not application/http")
    ids = sorted(part.get("content-id", "").strip("<>") for part in asked)
    echoed = sorted(part.get("content-id", "").strip("<>").removeprefix("response-") for part in answered)
    if ids != echoed:
        yield Finding("reply", "part", "the parts of the answer are not those of the request")


def multipart(headers: dict[str, str], body: str) -> list[dict[str, str]] | None:
    """The headers of every part, or nothing where there are no parts."""
    named = re.fullmatch(r'multipart/mixed;\s*boundary="?([^";]+)"?', headers.get("content-type", ""))
    if named is None:
        return None
    pieces = body.replace("\r\n", "\n").split(f"--{named[1]}")
    if len(pieces) < 3 or pieces[-1].strip() != "--":
        return None
    heads = (piece.strip("\n").partition("\n\n")[0] for piece in pieces[1:-1])
    split = ((line.partition(":") for line in head.splitlines()) for head in heads)
    return [{name.strip().lower(): value.strip() for name, _, value in lines} for lines in split]

"""Microsoft's Python library, read from its wheel and never run: which paths there are, what each takes, and
which fields the models have.

The library is generated from Microsoft's own description of the service: a folder for each part of a path, in
it a request builder with a URL template and a method for each verb, and a model for each type.
"""

import ast
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from operations import Operation, Parameter
from shapes import (BOOLEAN, BYTES, CLOCK_TIME, DAY, GUID, INSTANT, INTEGER_ANY, NUMBER, SPAN, STRING, Choice,
                    Field, Many, Record)

WHEEL = "msgraph_sdk-*.whl"
ROOT = "msgraph/generated"
VERBS = ("get", "post", "put", "patch", "delete")

# What an app keeps in one of these has names of its own:
# https://learn.microsoft.com/en-us/graph/api/resources/opentypeextension
OPEN = frozenset({"OpenTypeExtension"})

# How a model reads a field, and what the field must then be.
SCALARS = {
    "get_bool_value": BOOLEAN,
    "get_bytes_value": BYTES,
    "get_date_value": DAY,
    "get_datetime_value": INSTANT,
    "get_float_value": NUMBER,
    "get_int_value": INTEGER_ANY,
    "get_str_value": STRING,
    "get_time_value": CLOCK_TIME,
    "get_timedelta_value": SPAN,
    "get_uuid_value": GUID,
}
PRIMITIVES = {"str": STRING, "int": INTEGER_ANY, "float": NUMBER, "bool": BOOLEAN, "UUID": GUID,
              "datetime.datetime": INSTANT, "datetime.date": DAY}
# What a query parameter is, by the type of its field. A list is one text with commas.
PARAMETERS = {"bool": BOOLEAN, "int": INTEGER_ANY, "str": STRING, "list[str]": STRING, "datetime.datetime": INSTANT}


@dataclass(frozen=True)
class Step:
    """A folder below another: the part of a path that it stands for."""

    folder: str
    pattern: re.Pattern
    is_variable: bool


class Wheel:
    """The library."""

    def __init__(self, descriptions: Path):
        [wheel] = descriptions.glob(WHEEL)
        self.archive = zipfile.ZipFile(wheel)
        self.builders: dict[str, str] = {}
        self.folders: dict[str, set[str]] = {}
        for name in self.archive.namelist():
            if name.startswith(ROOT) and name.endswith("_request_builder.py"):
                folder = str(PurePosixPath(name).parent)
                self.builders[folder] = name
                self.folders.setdefault(str(PurePosixPath(folder).parent), set()).add(folder)
        self.known_steps: dict[str, list[Step]] = {}
        self.known_operations: dict[str, dict[str, Operation]] = {}
        self.known_models: dict[tuple[str, str], Record] = {}
        self.known_modules: dict[str, ast.Module] = {}

    def operations(self, parts: list[str]) -> dict[str, Operation] | None:
        """What can be done at a path, by verb; `None` when there is no such path."""
        folder = ROOT
        for part in parts:
            # A function without parameters may go without its parentheses.
            forms = (part, f"{part}()")
            steps = (step for step in self._steps(folder) if any(map(step.pattern.fullmatch, forms)))
            step = min(steps, key=lambda it: it.is_variable, default=None)
            if step is None:
                return None
            folder = step.folder
        if folder not in self.known_operations:
            self.known_operations[folder] = dict(self._read_builder(self.builders[folder]))
        return self.known_operations[folder]

    def model(self, path: str, name: str) -> Record:
        """The class `name` in the file at `path`."""
        if (path, name) not in self.known_models:
            record = Record(name, is_annotation=lambda _: False)
            # Known before it is read, since models name each other in circles.
            self.known_models[path, name] = record
            self._read_model(path, name, record)
        return self.known_models[path, name]

    def _steps(self, folder: str) -> list[Step]:
        if folder not in self.known_steps:
            below = sorted(self.folders.get(folder, ()))
            self.known_steps[folder] = [step for it in below if (step := self._step(it))]
        return self.known_steps[folder]

    def _step(self, folder: str) -> Step | None:
        template = template_of(self.archive.read(self.builders[folder]).decode())
        if template is None:
            return None
        last = template[0].rpartition("/")[2]
        literal = re.split(r"\{[^}]+\}", last)
        pattern = "[^/]+".join(re.escape(part) for part in literal)
        return Step(folder, re.compile(pattern), len(literal) > 1 and not literal[0])

    def _read_builder(self, path: str) -> Iterator[tuple[str, Operation]]:
        module = self._module(path)
        imports = imports_of(module, path)
        [builder] = [node for node in module.body if isinstance(node, ast.ClassDef)]
        queries = {node.name: node for node in builder.body if isinstance(node, ast.ClassDef)}
        template, query = template_of(self.archive.read(path).decode())
        required = set(re.findall(r"[?&](\w+)=\{", query))
        for node in builder.body:
            if not isinstance(node, ast.AsyncFunctionDef) or node.name not in VERBS:
                continue
            arguments = {it.arg: ast.unparse(it.annotation) for it in node.args.args if it.annotation}
            named = re.search(r"(\w+GetQueryParameters|\w+QueryParameters)\b", arguments["request_configuration"])
            parameters = read_parameters(queries.get(named[1]), required) if named else {}
            request = self._shape_of(arguments.get("body"), imports)
            reply = self._shape_of(optional(ast.unparse(node.returns)), imports)
            null = frozenset({"request", "reply"})
            yield node.name.upper(), Operation(f"{node.name.upper()} {template}", parameters, request, reply, null)

    def _shape_of(self, annotation: str | None, imports: dict[str, str]):
        if annotation in (None, "None"):
            return None
        if annotation in PRIMITIVES:
            return PRIMITIVES[annotation]
        return self.model(imports[annotation], annotation)

    def _read_model(self, path: str, name: str, record: Record):
        module = self._module(path)
        imports = imports_of(module, path) | {
            node.name: path for node in module.body if isinstance(node, ast.ClassDef)
        }
        [model] = [it for it in module.body if isinstance(it, ast.ClassDef) and it.name == name]
        functions = {it.name: it for it in model.body if isinstance(it, ast.FunctionDef)}
        for base in (ast.unparse(base) for base in model.bases):
            if base in imports:
                record.fields |= self.model(imports[base], base).fields
        for key, read in field_readers(functions["get_field_deserializers"]):
            record.fields[key] = Field(self._field(read, imports))
        kinds = discriminators(functions["create_from_discriminator_value"])
        record.is_annotation = (lambda _: True) if name in OPEN else lambda it: is_annotation(record, it)
        record.narrowed = lambda value, _: self._narrowed(record, kinds, imports, value)

    def _field(self, read: ast.Call, imports: dict[str, str]):
        how = read.func.attr
        if how in SCALARS:
            return SCALARS[how]
        what = ast.unparse(read.args[0])
        match how:
            case "get_object_value":
                return self.model(imports[what], what)
            case "get_collection_of_object_values":
                return Many(self.model(imports[what], what))
            case "get_collection_of_primitive_values":
                return Many(PRIMITIVES[what])
            case "get_enum_value":
                return self._choice(imports[what])
            case "get_collection_of_enum_values":
                return Many(self._choice(imports[what]))
        raise ValueError(f"{how} is no known way to read a field")

    def _choice(self, path: str) -> Choice:
        values = [
            constant.value
            for node in ast.walk(self._module(path))
            if isinstance(node, ast.Assign)
            for constant in ast.walk(node.value)
            if isinstance(constant, ast.Constant)
        ]
        return Choice(", ".join(values), frozenset(values))

    def _narrowed(self, record: Record, kinds: dict[str, str], imports: dict[str, str], value: dict):
        said = value.get("@odata.type")
        if not isinstance(said, str):
            return record
        kind = said.casefold()
        if kind in kinds:
            return self.model(imports[kinds[kind]], kinds[kind])
        return record if kind.rpartition(".")[2] == record.name.casefold() else None

    def _module(self, path: str) -> ast.Module:
        if path not in self.known_modules:
            self.known_modules[path] = ast.parse(self.archive.read(path))
        return self.known_modules[path]


def template_of(source: str) -> tuple[str, str] | None:
    """Path and query of the URL template in a request builder."""
    for constant in re.findall(r"""super\(\).__init__\(request_adapter, (?:"([^"]*)"|'([^']*)')""", source):
        whole = "".join(constant).removeprefix("{+baseurl}")
        path = re.match(r"(?:[^{?]|\{[^?&}]+\})*", whole)[0]
        return path, whole[len(path):]
    return None


def imports_of(module: ast.Module, path: str) -> dict[str, str]:
    """The file of every class that a module names."""
    found = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = PurePosixPath(path).parents[node.level - 1]
            for alias in node.names:
                found[alias.name] = f"{folder / node.module.replace('.', '/')}.py"
    return found


def read_parameters(query: ast.ClassDef | None, required: set[str]) -> dict[str, Parameter]:
    """The query parameters of an operation; a class that is not in the builder has none."""
    if query is None:
        return {}
    sent = {
        node.test.comparators[0].value: node.body[0].value.value.replace("%24", "$").replace("%2D", "-")
        for node in ast.walk(query)
        if isinstance(node, ast.If) and isinstance(node.body[0], ast.Return)
    }
    parameters = {}
    for node in query.body:
        if isinstance(node, ast.AnnAssign):
            name = sent.get(node.target.id, node.target.id)
            parameters[name] = Parameter(PARAMETERS[optional(ast.unparse(node.annotation))], name in required)
    return parameters


def optional(annotation: str) -> str:
    return annotation.removeprefix("Optional[").removesuffix("]") if annotation.startswith("Optional[") else annotation


def field_readers(function: ast.FunctionDef) -> Iterator[tuple[str, ast.Call]]:
    """The fields of a model by name, each with the call that reads it."""
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
            for key, reader in zip(node.value.keys, node.value.values, strict=True):
                yield key.value, reader.body.args[2]


def discriminators(function: ast.FunctionDef) -> dict[str, str]:
    """The classes that a value may turn out to be, by their `@odata.type` in small letters."""
    kinds = {}
    for node in ast.walk(function):
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return):
            for constant in ast.walk(node.test):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    kinds[constant.value.casefold()] = ast.unparse(node.body[-1].value.func)
    return kinds


# https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ControlInformation
CONTROL = frozenset(f"@odata.{it}" for it in ("context", "count", "editLink", "etag", "id", "type"))


def is_annotation(record: Record, name: str) -> bool:
    """OData lets its control information stand in every object, and at every field."""
    field, at, rest = name.partition("@odata.")
    return name in CONTROL if not field else bool(at and rest) and field in record.fields

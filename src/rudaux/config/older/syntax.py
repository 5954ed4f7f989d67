"""The settings in a Python file such as rudaux_config.py, read from its text: it is never run."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from pathlib import Path

from rudaux.errors import ConfigError

_LONGEST, _LARGEST = 100_000, 2**63
_RIGHT = "name the rudaux_config.py of the course after --from"


@dataclass(frozen=True)
class Settings:
    """What a file sets: `c.Course.timezone = "UTC"` is {"Course.timezone": "UTC"}.

    `computed` are the settings whose value is only known when the file is run.
    """

    values: dict[str, object]
    computed: tuple[str, ...]


class _Computed(Exception):  # noqa: N818 - not an error: the value is named, and left out
    """An expression whose value is only known when it is run."""


def read_settings(file: Path) -> Settings:
    """Read the file; raises `ConfigError` in one sentence, without a word of what is in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about "\d" in a string, say: it is not our file
            tree = ast.parse(file.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {file}: check the path after --from.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
    except SyntaxError as error:
        # Not chained: the error carries a line of the file, which may hold a token.
        at = f" (line {error.lineno})" if error.lineno else ""
        raise ConfigError(f"{file} is not Python{at}: {_RIGHT}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise ConfigError(f"{file} is not Python: {_RIGHT}.") from None
    reader = _Reader()
    try:
        for statement in tree.body:
            reader.statement(statement)
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply to be read: {_RIGHT}.") from None
    return Settings(reader.keys, tuple(reader.computed))


class _Reader:
    """Follows a file from top to bottom, as far as its values are written out."""

    def __init__(self) -> None:
        self.roots = {"c"}
        self.names: dict[str, object] = {}
        self.keys: dict[str, object] = {}
        self.computed: dict[str, None] = {}

    def statement(self, node: ast.stmt) -> None:
        """Take in one statement: an assignment is kept, what any other may change is unknown."""
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(node.value, ast.Call) and _called(node.value) == "get_config":
                self.roots |= {t.id for t in targets if isinstance(t, ast.Name)}
                return
            try:
                value = self._value(node.value)
            except _Computed:
                pass
            else:
                if all(self._assigned(target, value) for target in targets):
                    return
        self._touched(node)

    def _assigned(self, target: ast.expr, value: object) -> bool:
        key = self._key(target)
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif key:
            self.keys[key] = value
            self.computed.pop(key, None)
        return bool(key) or isinstance(target, ast.Name)

    def _touched(self, node: ast.AST) -> None:
        """Forget everything that a statement may have changed."""
        for part in ast.walk(node):
            changed = isinstance(getattr(part, "ctx", None), (ast.Store, ast.Del))
            if isinstance(part, ast.Name):
                self._taint(self.names.get(part.id))
                if changed:
                    self.names.pop(part.id, None)
            elif isinstance(part, ast.Attribute):
                key = self._key(part)
                self._taint(self.keys.get(key))
                if key and changed:
                    self._unknown(key)
            elif isinstance(part, ast.Subscript) and changed and self._key(part.value):
                self._unknown(self._key(part.value))
            elif isinstance(part, ast.Call):
                if isinstance(part.func, ast.Attribute) and self._key(part.func.value):
                    self._unknown(self._key(part.func.value))
                if _called(part) == "load_subconfig":
                    self._unknown("load_subconfig")

    def _taint(self, value: object) -> None:
        """Forget what shares this list or dictionary, or a part of it: it may be changed."""
        hit = _inside(value)
        if hit:
            for name in [n for n, v in self.names.items() if hit & _inside(v)]:
                del self.names[name]
            for key in [k for k, v in self.keys.items() if hit & _inside(v)]:
                self._unknown(key)

    def _unknown(self, key: str) -> None:
        self.keys.pop(key, None)
        self.computed[key] = None

    def _key(self, node: ast.expr) -> str:
        """Return `Course.timezone` for `c.Course.timezone`, and "" for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        rooted = isinstance(node, ast.Name) and node.id in self.roots
        return ".".join(parts) if rooted else ""

    def _value(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, type(None))):
            return node.value
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [self._value(item) for item in node.elts]
        if isinstance(node, ast.Dict):
            return self._dictionary(node)
        if isinstance(node, ast.Call) and _called(node) == "dict" and not node.args:
            named = {str(k.arg): self._value(k.value) for k in node.keywords if k.arg}
            if len(named) == len(node.keywords) and "dict" not in self.names:
                return named
        if isinstance(node, ast.Name) and node.id in self.names:
            return self.names[node.id]
        if isinstance(node, ast.Attribute) and self._key(node) in self.keys:
            return self.keys[self._key(node)]
        if isinstance(node, ast.JoinedStr):
            return "".join(self._text(part) for part in node.values)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return _bounded(0, self._value(node.operand), ast.Sub())
        if isinstance(node, ast.BinOp):
            return _bounded(self._value(node.left), self._value(node.right), node.op)
        raise _Computed

    def _dictionary(self, node: ast.Dict) -> dict[object, object]:
        if None in node.keys:
            raise _Computed
        keys = [self._value(key) for key in node.keys if key]
        if any(isinstance(key, (list, dict)) for key in keys):
            raise _Computed
        return dict(zip(keys, map(self._value, node.values), strict=True))

    def _text(self, node: ast.expr) -> str:
        plain = isinstance(node, ast.FormattedValue) and node.conversion == -1
        if isinstance(node, ast.FormattedValue) and plain and node.format_spec is None:
            node = node.value
        value = self._value(node)
        if not isinstance(value, (str, int)):
            raise _Computed
        return str(value)


def _bounded(left: object, right: object, operator: ast.operator) -> object:
    """Join strings or lists, or do a sum; no file may make the result large."""
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    if numbers and max(abs(left), abs(right)) < _LARGEST:  # type: ignore[arg-type]
        if isinstance(operator, ast.Add):
            return left + right  # type: ignore[operator]
        if isinstance(operator, ast.Sub):
            return left - right  # type: ignore[operator]
        if isinstance(operator, ast.Mult):
            return left * right  # type: ignore[operator]
    if isinstance(operator, ast.Add):
        if isinstance(left, str) and isinstance(right, str) and len(left + right) < _LONGEST:
            return left + right
        if isinstance(left, list) and isinstance(right, list) and len(left + right) < _LONGEST:
            return left + right
    raise _Computed


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _inside(value: object) -> set[int]:
    """Return the identity of every list and dictionary in a value, itself included."""
    found: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (list, dict)) and id(one) not in found:
            found.add(id(one))
            waiting += one.values() if isinstance(one, dict) else one
    return found

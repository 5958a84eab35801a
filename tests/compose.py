"""Reads docker-compose.yml the way Compose does: YAML, then every `${...}` resolved, then `$$` turned into `$`."""

import re
from pathlib import Path
from typing import Any

import yaml

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Strict(yaml.SafeLoader):
    """Refuses a key given twice, as Compose does; YAML's own reader would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"line {node.start_mark.line + 1}: given twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


class Missing(Exception):
    """A variable that must be set is not, with the file's own message."""


def load(path: Path, environment: dict[str, str]) -> dict[str, Any]:
    """The file with all variables resolved. Raises Missing."""
    return _resolve_all(yaml.load(path.read_text(), Loader=_Strict), environment)  # noqa: S506 - a safe one


def _resolve_all(value: Any, environment: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _resolve_all(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [_resolve_all(one, environment) for one in value]
    return resolve(value, environment) if isinstance(value, str) else value


def resolve(text: str, environment: dict[str, str]) -> str:
    """`$$`, `$NAME`, `${NAME}`, and with `-`, `:-`, `?`, `:?`, `+`, `:+`; what follows these may hold variables too."""
    done = ""
    while "$" in text:
        before, _, text = text.partition("$")
        done += before
        if text.startswith("$"):
            done, text = done + "$", text[1:]
        elif text.startswith("{"):
            inside, text = _until_closed(text[1:])
            done += _braced(inside, environment)
        else:
            name = NAME.match(text)
            if not name:
                raise ValueError(f"a lone $ before {text!r}")
            done, text = done + environment.get(name[0], ""), text[name.end() :]
    return done + text


def _until_closed(text: str) -> tuple[str, str]:
    depth = 1
    for index, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if not depth:
            return text[:index], text[index + 1 :]
    raise ValueError(f"no closing brace after {text!r}")


def _braced(inside: str, environment: dict[str, str]) -> str:
    name = NAME.match(inside)
    if not name:
        raise ValueError(f"no variable in {inside!r}")
    operator, rest = re.fullmatch(r"(:?[-?+]|)(.*)", inside[name.end() :], re.DOTALL).groups()
    value = environment.get(name[0])
    is_there = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("-"):
        return value if is_there else resolve(rest, environment)
    if operator.endswith("+"):
        return resolve(rest, environment) if is_there else ""
    if operator.endswith("?") and not is_there:
        raise Missing(f"{name[0]}: {resolve(rest, environment)}")
    if not operator and rest:
        raise ValueError(f"what is {rest!r} after {name[0]}?")
    return value or ""

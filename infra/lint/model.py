"""Reads what the rules look at: the state machine, the template, the error names, the functions' folders."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml


class Template(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, kept as {"Ref": …} and {"Fn::…": …}."""


def _short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


Template.add_multi_constructor("!", _short_form)


def _once(pairs):
    """A JSON object whose keys are unique: a repeated state name would silently win over the first."""
    seen = dict(pairs)
    if len(seen) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"repeated key {next(name for name in names if names.count(name) > 1)!r}")
    return seen


@dataclass
class Project:
    """Everything the rules compare."""

    machine: dict
    template: dict
    errors: dict  # name -> class
    functions: set  # folder names

    @property
    def resources(self):
        return self.template["Resources"]

    @property
    def states(self):
        return self.machine["States"]

    def of_type(self, kind):
        return {name: body for name, body in self.resources.items() if body["Type"] == kind}


def machine_of(text):
    return json.loads(text, object_pairs_hook=_once)


def template_of(text):
    return yaml.load(text, Loader=Template)  # noqa: S506 - a safe loader with more tags


def errors_of(text):
    """The names and classes of the domain's error list: `Variant = "Dotted.Name", Class, …`."""
    found = re.findall(r'^\s+[A-Z]\w+ = "([A-Z]\w+\.[A-Z]\w+)", ([A-Z]\w+),', text, re.MULTILINE)
    if not found:
        raise ValueError("no error names found: has the list's form changed?")
    return dict(found)


def project(root: Path) -> Project:
    return Project(
        machine=machine_of((root / "infra/association.asl.json").read_text(encoding="utf-8")),
        template=template_of((root / "template.yaml").read_text(encoding="utf-8")),
        errors=errors_of((root / "shared/onboarding/src/errors.rs").read_text(encoding="utf-8")),
        functions={folder.name for folder in (root / "functions").iterdir() if (folder / "Cargo.toml").is_file()},
    )


def folder_of(logical_id):
    """`MapDirectory` -> `map-directory`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", logical_id).lower()


def walk(value, path=()):
    """Every leaf of a JSON value with the keys that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, (*path, index))
    else:
        yield path, value


def many(value):
    return value if isinstance(value, list) else [value]

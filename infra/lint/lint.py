"""Lints the state machine and the template: `python infra/lint/lint.py`. Prints what is wrong; exit code 1 if anything is."""

import subprocess
import sys
from pathlib import Path

import machine
import model
import template

ROOT = Path(__file__).resolve().parents[2]


def problems(project):
    """What our own rules find."""
    return [problem for rule in (*machine.RULES, *template.RULES) for problem in rule(project)]


def main():
    found = problems(model.project(ROOT))
    for problem in found:
        print(problem)
    cfn_lint = subprocess.run([Path(sys.executable).with_name("cfn-lint"), ROOT / "template.yaml"], check=False)
    return 1 if found or cfn_lint.returncode else 0


if __name__ == "__main__":
    sys.exit(main())

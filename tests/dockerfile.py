"""The Dockerfile as a list of instructions, for what tests it and for what replays it."""

import re
from typing import NamedTuple

from tests.tools import ROOT


class Instruction(NamedTuple):
    """One instruction: its name, and the rest of its line."""

    name: str
    rest: str


def instructions() -> list[Instruction]:
    """Each instruction of the Dockerfile, continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line]
    words = (line.partition(" ") for line in lines)
    return [Instruction(name, rest.strip()) for name, _, rest in words]


def stages() -> dict[str, list[Instruction]]:
    """The instructions of each stage by its name; the last, which runs, has the name ""."""
    found: dict[str, list[Instruction]] = {}
    for instruction in instructions():
        if instruction.name == "FROM":
            _, _, name = instruction.rest.partition(" AS ")
            found[name] = []
        found[name].append(instruction)
    return found


def only(name: str, stage: str = "") -> str:
    """The rest of the one instruction of that name in a stage. Raises `ValueError` otherwise."""
    (found,) = [each.rest for each in stages()[stage] if each.name == name]
    return found

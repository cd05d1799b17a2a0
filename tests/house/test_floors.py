"""Every room has a floor, and the contracts speak of rooms that are there."""

from itertools import chain

from tests.rig.project import PACKAGE, contracts, module_exists


def _names(text: str) -> list[str]:
    return [name.strip() for line in text.split("\n") for name in line.split("|") if name.strip()]


def _rooms() -> set[str]:
    found = (path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir())
    return {name for name in found if not name.startswith("_")}


def test_every_room_has_a_floor() -> None:
    floors = contracts()["floors"]
    placed = {name.strip("()") for name in _names(floors["layers"])}
    assert _rooms() - placed == set(), "give it a floor in .importlinter"


def test_contracts_name_only_what_is_there() -> None:
    gone = []
    for contract in contracts().values():
        inside = contract.get("containers", "")
        layers = [f"{inside}.{name}" for name in _names(contract.get("layers", ""))]
        fields = ("source_modules", "forbidden_modules", "modules", "containers")
        named = chain(layers, *(_names(contract.get(field, "")) for field in fields))
        ours = (name.removesuffix(".*") for name in named if name.startswith("parlour"))
        gone += [name for name in ours if "(" not in name and not module_exists(name)]
    assert gone == []

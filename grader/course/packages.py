"""The libraries that a class promises to its students' notebooks: which are here, in which version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

# What comes with the grader itself; a class may promise more, where its teacher has installed it.
DEFAULT_PACKAGES = (
    "torch", "torchvision", "numpy", "pandas", "scikit-learn", "scipy", "matplotlib", "pillow", "tqdm",
)  # fmt: skip


@dataclass(frozen=True)
class Package:
    """One library of the list.

    Attributes:
        name: as class.toml spells it.
        wanted: which versions will do, as in `>=1.4`; empty where any will.
        version: the one that is installed, without a builder's mark such as `+cu130`; empty where none is.
        is_right: whether it is installed in a version that will do.
    """

    name: str
    wanted: str
    version: str
    is_right: bool

    def __str__(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"


def parse_package(text: str) -> Requirement:
    """A line of the list.

    Raises:
        ValueError: it is more than a name and versions, or not even that.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise ValueError(f"{text[:60]!r} is no package; expected a name such as albumentations, or a name with "
                         "versions such as albumentations>=1.4") from None  # fmt: skip
    if requirement.url or requirement.marker or requirement.extras:
        raise ValueError(f"{text[:60]!r} is more than a name and versions, such as albumentations>=1.4")
    return requirement


def packages_of(lines: Sequence[str]) -> tuple[Package, ...]:
    """What is installed of a class's list, in its order.

    Args:
        lines: names, each with or without versions; from `class.toml`.
    """
    return _found(tuple(lines))


@cache
def _found(lines: tuple[str, ...]) -> tuple[Package, ...]:
    return tuple(map(_package, lines))


def _package(line: str) -> Package:
    requirement = parse_package(line)
    wanted = str(requirement.specifier)
    try:
        version = Version(metadata.version(requirement.name)).public
    except (metadata.PackageNotFoundError, InvalidVersion):
        return Package(requirement.name, wanted, "", False)
    is_right = requirement.specifier.contains(version, prereleases=True)
    return Package(requirement.name, wanted, version, is_right)


def modules_of(name: str) -> tuple[str, ...]:
    """Names under which an installed package is imported: the one like its own, or all that it brings."""
    distribution = metadata.distribution(name)
    told = (distribution.read_text("top_level.txt") or "").split()
    found = {part for part in told if part.isidentifier()}
    for path in distribution.files or () if not found else ():
        if len(path.parts) == 2 and path.name == "__init__.py":
            found.add(path.parts[0])
        elif len(path.parts) == 1 and path.suffix == ".py":
            found.add(path.stem)
    public = sorted(module for module in found if module.isidentifier() and not module.startswith("_"))
    own = [module for module in public if canonicalize_name(module) == canonicalize_name(name)]
    return tuple(own or public)


def told(packages: Sequence[Package]) -> tuple[str, ...]:
    """Names and versions of those that are here, for students."""
    return tuple(str(package) for package in packages if package.is_right)

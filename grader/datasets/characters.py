"""The 42 characters of the drawn town: the contest's class names and how common they are there, drawn by shape.

Names and training counts are the contest's (20,933 images). The looks are our own: what tells two characters apart is
hair, head outline, eyes, mouth and accessories, never a colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from grader.datasets.shapes import EXTRAS, EYES, HAIR_BEFORE, HAIR_BEHIND, HEADS, MOUTHS, NOSES, Shape, body


@dataclass(frozen=True, slots=True)
class Character:
    """A class of the data set.

    Attributes:
        name: the class folder's name.
        commonness: how many training images the contest has of it.
    """

    name: str
    commonness: int
    head: str
    hair: str
    eyes: str
    mouth: str
    extra: str = "none"
    nose: str = "small"


CAST: tuple[Character, ...] = (
    Character("homer_simpson", 2246, "egg", "two hairs", "close", "stubble", "collar"),
    Character("ned_flanders", 1454, "egg", "mop", "round glasses", "moustache", "collar"),
    Character("moe_szyslak", 1452, "box", "curls", "lidded", "frown", "bow tie"),
    Character("lisa_simpson", 1354, "round", "star", "lashes", "smile", "pearls"),
    Character("bart_simpson", 1342, "box", "spikes", "close", "smile"),
    Character("marge_simpson", 1291, "egg", "tower", "lashes", "smile", "pearls"),
    Character("krusty_the_clown", 1206, "wide", "tufts", "round", "open", "bow tie", "ball"),
    Character("principal_skinner", 1194, "narrow", "parted", "round", "frown", "tie"),
    Character("charles_montgomery_burns", 1193, "narrow", "ring", "lidded", "frown", "tie", "long"),
    Character("milhouse_van_houten", 1079, "round", "bowl", "round glasses", "open"),
    Character("chief_wiggum", 986, "wide", "peaked cap", "close", "frown", "tie"),
    Character("abraham_grampa_simpson", 913, "egg", "ring", "round glasses", "beard", "bow tie"),
    Character("sideshow_bob", 877, "narrow", "palm", "lidded", "grin"),
    Character("apu_nahasapeemapetilon", 623, "egg", "pompadour", "round", "smile", "collar"),
    Character("kent_brockman", 498, "box", "sweep", "round", "smile", "tie"),
    Character("comic_book_guy", 469, "wide", "ponytail", "dots", "goatee"),
    Character("edna_krabappel", 457, "egg", "helmet", "lashes", "cigarette", "earrings"),
    Character("nelson_muntz", 358, "wide", "jagged", "dots", "grin"),
    Character("lenny_leonard", 310, "egg", "flat top", "lidded", "stubble"),
    Character("mayor_quimby", 246, "box", "parted", "lidded", "grin", "sash"),
    Character("waylon_smithers", 181, "narrow", "sweep", "square glasses", "smile", "bow tie"),
    Character("groundskeeper_willie", 121, "wide", "mop", "dots", "beard"),
    Character("barney_gumble", 106, "egg", "fringe", "close", "stubble"),
    Character("maggie_simpson", 128, "round", "star", "close", "pacifier"),
    Character("carl_carlson", 98, "egg", "afro", "round", "smile", "collar"),
    Character("selma_bouvier", 103, "round", "buns", "lidded", "cigarette", "earrings"),
    Character("ralph_wiggum", 89, "round", "fringe", "round", "open"),
    Character("patty_bouvier", 72, "round", "afro", "lidded", "cigarette", "pearls"),
    Character("martin_prince", 71, "round", "curls", "round", "grin", "tie"),
    Character("professor_john_frink", 65, "wedge", "spikes", "round glasses", "grin", "bow tie"),
    Character("cletus_spuckler", 47, "narrow", "mop", "close", "grin"),
    Character("snake_jailbird", 55, "wedge", "pompadour", "shades", "frown"),
    Character("agnes_skinner", 42, "wedge", "buns", "lashes", "frown", "pearls"),
    Character("rainier_wolfcastle", 45, "box", "flat top", "shades", "smile"),
    Character("sideshow_mel", 40, "wedge", "bone", "round", "open"),
    Character("gil", 27, "egg", "hat", "lidded", "frown", "tie"),
    Character("fat_tony", 27, "wide", "hat", "shades", "stubble", "tie"),
    Character("otto_mann", 32, "box", "dreads", "round", "grin", "buttons"),
    Character("miss_hoover", 17, "narrow", "long", "lashes", "smile", "buttons"),
    Character("disco_stu", 8, "wedge", "afro", "shades", "goatee"),
    Character("troy_mcclure", 8, "wedge", "sweep", "dots", "grin", "tie"),
    Character("lionel_hutz", 3, "box", "mohawk", "square glasses", "smile", "tie"),
)


@cache
def shapes_of(character: Character) -> tuple[Shape, ...]:
    """The character's outlines, from the back to the front."""
    behind = HAIR_BEHIND.get(character.hair, tuple)()
    before = HAIR_BEFORE.get(character.hair, tuple)()
    return (
        *behind,
        *body(),
        *EXTRAS[character.extra](),
        *HEADS[character.head](),
        *EYES[character.eyes](),
        *MOUTHS[character.mouth](),
        *NOSES[character.nose](),
        *before,
    )

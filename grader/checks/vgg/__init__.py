"""Checks of `vgg`. Hidden tests of classes released earlier import these names from here."""

from grader.checks.vgg.block import halves_the_picture, vgg_block, vgg_block_mistakes

__all__ = ["halves_the_picture", "vgg_block", "vgg_block_mistakes"]

"""The contest's reference solution: a residual network from scratch, in ten minutes on two processor cores.

`pictures` decodes the archive once, `network` is the lesson's residual block stacked up, `planning` measures what the
machine can train in its time, `augmentation` and `training` teach it, `prediction` names the test pictures,
`validation` says how good the names are, `solve` puts it all together.
"""

"""The contest's reference solution: a residual network from scratch, in a quarter of an hour on two processor cores.

`pictures` decodes the archive once, `network` is the lesson's residual block stacked up, `augmentation` and `training`
teach it, `prediction` names the test pictures, `validation` says how good the names are, `solve` puts it all together.
"""

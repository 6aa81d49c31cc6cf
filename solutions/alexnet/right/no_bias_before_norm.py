"""The first two convolutions have no bias; all layers of a block are named in an OrderedDict."""

# %% task2_make_features
from collections import OrderedDict


def make_features(channels):
    a, b, c, d, e = channels
    block1 = OrderedDict(
        conv=nn.Conv2d(3, a, 11, stride=4, bias=False), bn=nn.BatchNorm2d(a), relu=nn.ReLU(True), pool=nn.MaxPool2d(3, 2)
    )
    block2 = OrderedDict(
        conv=nn.Conv2d(a, b, 5, padding=2, bias=False), bn=nn.BatchNorm2d(b), relu=nn.ReLU(True), pool=nn.MaxPool2d(3, 2)
    )
    net = nn.Sequential()
    net.add_module("block1", nn.Sequential(block1))
    net.add_module("block2", nn.Sequential(block2))
    net.add_module("block3", nn.Sequential(nn.Conv2d(b, c, 3, padding=1), nn.ReLU(True)))
    net.add_module("block4", nn.Sequential(nn.Conv2d(c, d, 3, padding=1), nn.ReLU(True)))
    net.add_module("block5", nn.Sequential(nn.Conv2d(d, e, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(3, 2)))
    return net

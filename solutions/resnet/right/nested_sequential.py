"""The branch is nested, named layers; the shortcut is a plain list of arguments."""

# %% task1_basic_block
from collections import OrderedDict


def conv_bn(n_in, n_out, size, stride):
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False),
            norm=nn.BatchNorm2d(n_out),
        )
    )


class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        branch = nn.Sequential()
        branch.add_module("first", conv_bn(in_channels, out_channels, 3, stride))
        branch.add_module("activation", nn.ReLU())
        branch.add_module("second", conv_bn(out_channels, out_channels, 3, 1))
        self.branch = branch
        same = stride == 1 and in_channels == out_channels
        self.sc = nn.Identity() if same else conv_bn(in_channels, out_channels, 1, stride)
        self.last = nn.ReLU()

    def forward(self, x):
        return self.last(self.branch(x).add(self.sc(x)))

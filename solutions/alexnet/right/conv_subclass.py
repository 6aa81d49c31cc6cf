"""Blocks of a convolution with what follows it are a class of their own, derived from Conv2d."""

# %% task2_make_features
class Block(nn.Conv2d):
    def __init__(self, n_in, n_out, k, stride=1, padding=0, norm=False, pool=False):
        super().__init__(n_in, n_out, k, stride=stride, padding=padding)
        self.norm = nn.BatchNorm2d(n_out) if norm else None
        self.pool = pool

    def forward(self, x):
        x = super().forward(x)
        if self.norm is not None:
            x = self.norm(x)
        x = F.relu_(x)
        return F.max_pool2d(x, 3, 2) if self.pool else x


def make_features(channels):
    return nn.Sequential(
        Block(3, channels[0], 11, 4, 0, True, True),
        Block(channels[0], channels[1], 5, 1, 2, True, True),
        Block(channels[1], channels[2], 3, 1, 1),
        Block(channels[2], channels[3], 3, 1, 1),
        Block(channels[3], channels[4], 3, 1, 1, False, True),
    )

"""The result of self.relu(x) is thrown away (mistake 43)."""
# loses: task2_vgg_block_function, task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: There is no ReLU at all

# %% task2_vgg_block
class vgg_block(nn.Module):
    def __init__(self, depth, in_channels, out_channels, batch_norm=False):
        super().__init__()
        sizes = [in_channels] + [out_channels] * depth
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity() for _ in range(depth))
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = norm(conv(x))
            self.relu(x)
        return self.pool(x)

"""Layers in a plain Python list: the block has no parameters (mistake 25)."""
# loses: task2_vgg_block_function, task2_vgg_block_batch_norm, task2_vgg_block_gradients
# message: no parameters at all

# %% task2_vgg_block
class vgg_block(nn.Module):
    def __init__(self, depth, in_channels, out_channels, batch_norm=False):
        super().__init__()
        self.layers = []
        for _ in range(depth):
            self.layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
            if batch_norm:
                self.layers.append(nn.BatchNorm2d(out_channels))
            self.layers.append(nn.ReLU())
            in_channels = out_channels
        self.layers.append(nn.MaxPool2d(2))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

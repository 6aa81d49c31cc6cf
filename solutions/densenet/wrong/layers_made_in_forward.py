"""The layers are made anew in every forward pass (mistake 26)."""
# loses: task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: PyTorch sees no parameters


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.growth_rate, self.num_layers = growth_rate, num_layers

    def forward(self, x):
        for _ in range(self.num_layers):
            x = torch.cat([x, DenseLayer(x.shape[1], self.growth_rate)(x)], 1)
        return x

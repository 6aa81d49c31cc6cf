"""The layers lie in a plain Python list (mistake 25)."""
# loses: task3_dense_block_function, task3_dense_block_gradients, task5_densenet_shape, task5_densenet_function, task5_densenet121
# message: PyTorch sees no parameters


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        self.layers = [DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(num_layers)]

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x

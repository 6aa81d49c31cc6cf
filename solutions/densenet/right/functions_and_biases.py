"""Functions that return a Sequential, and convolutions that keep their biases."""


# %% task2_dense_layer
def conv_block(n_in, n_out, size):
    return [nn.BatchNorm2d(n_in), nn.ReLU(), nn.Conv2d(n_in, n_out, kernel_size=size, padding=size // 2)]


def dense_layer_parameters(in_channels, growth_rate):
    k = growth_rate
    return (in_channels + 4 * k) * 2 + in_channels * 4 * k + 4 * k * k * 9


def DenseLayer(in_channels, growth_rate):
    return nn.Sequential(*conv_block(in_channels, 4 * growth_rate, 1), *conv_block(4 * growth_rate, growth_rate, 3))


# %% task3_dense_block
class DenseBlock(nn.Module):
    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        layer = []
        for i in range(num_layers):
            layer.append(DenseLayer(growth_rate * i + in_channels, growth_rate))
        self.net = nn.Sequential(*layer)

    def forward(self, X):
        for blk in self.net:
            Y = blk(X)
            X = torch.cat((X, Y), dim=1)
        return X


# %% task4_transition
def Transition(in_channels, out_channels):
    return nn.Sequential(
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, kernel_size=1),
        nn.AvgPool2d(kernel_size=2, stride=2),
    )


# %% task5_densenet
def DenseNet(depths, num_classes=1000, growth_rate=32, init_channels=64):
    net = nn.Sequential(
        nn.Conv2d(3, init_channels, kernel_size=7, stride=2, padding=3),
        nn.BatchNorm2d(init_channels),
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )
    num_channels = init_channels
    for i, num_convs in enumerate(depths):
        net.add_module(f"dense_blk_{i}", DenseBlock(num_channels, growth_rate, num_convs))
        num_channels += num_convs * growth_rate
        if i != len(depths) - 1:
            net.add_module(f"tran_blk_{i}", Transition(num_channels, num_channels // 2))
            num_channels //= 2
    net.add_module("last", nn.Sequential(nn.BatchNorm2d(num_channels), nn.ReLU()))
    net.add_module("gap", nn.AdaptiveAvgPool2d((1, 1)))
    net.add_module("fc", nn.Sequential(nn.Flatten(), nn.Linear(num_channels, num_classes)))
    return net


def densenet121(num_classes=1000):
    return DenseNet([6, 12, 24, 16], num_classes, 32, 64)


def count_weight_layers(depths):
    return 1 + sum(2 * depth for depth in depths) + len(depths[1:]) + 1

"""The network inherits from nn.Sequential and has no forward of its own."""

# %% task3_resnet
class ResNet(nn.Sequential):
    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
        channels = [width] + [width * expansion * m for m in (1, 2, 4, 8)]
        super().__init__(
            nn.Conv2d(3, width, (7, 7), (2, 2), (3, 3), bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            *[
                make_stage(block, n_in, n_out, depth, stride)
                for n_in, n_out, depth, stride in zip(channels, channels[1:], depths, [1, 2, 2, 2])
            ],
            nn.AdaptiveAvgPool2d((1, 1)),
            nn.Flatten(),
            nn.Linear(channels[-1], num_classes),
        )

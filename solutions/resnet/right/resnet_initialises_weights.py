"""The network draws its weights as in the paper, and begins every branch at zero."""

# %% task3_resnet
class ResNet(nn.Module):
    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(width))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        self.features.add_module("pool0", nn.MaxPool2d(3, stride=2, padding=1))
        n = width
        for number in range(4):
            wide = expansion * width * 2 ** number
            stage = make_stage(block=block, in_channels=n, out_channels=wide, depth=depths[number], stride=2 if number else 1)
            self.features.add_module(f"stage{number + 1}", stage)
            n = wide
        self.head = nn.Linear(n, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.ones_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, images):
        maps = self.features(images)
        vectors = torch.flatten(F.adaptive_avg_pool2d(maps, (1, 1)), 1)
        return self.head(vectors)

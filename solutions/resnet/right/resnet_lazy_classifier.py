"""Lazy first and last layers, the stages in a ModuleList, the classifier declared first."""

# %% task3_resnet
class ResNet(nn.Module):
    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
        super().__init__()
        self.fc = nn.LazyLinear(num_classes)
        self.stages = nn.ModuleList()
        n_in = width
        for i, depth in enumerate(depths):
            n_out = width * expansion << i
            self.stages.append(make_stage(block, n_in, n_out, depth, 1 + (i > 0)))
            n_in = n_out
        self.stem = nn.Sequential(
            nn.LazyConv2d(width, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(x.view(x.size(0), -1))

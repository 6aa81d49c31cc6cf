"""`expansion` makes the stem wider too."""
# loses: task3_resnet_function
# message: missing: conv

# %% task3_resnet
class ResNet(nn.Module):
    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
        super().__init__()
        width = wide = width * expansion
        self.conv = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = make_stage(block, width, wide, depths[0])
        self.layer2 = make_stage(block, wide, wide * 2, depths[1], 2)
        self.layer3 = make_stage(block, wide * 2, wide * 4, depths[2], 2)
        self.layer4 = make_stage(block, wide * 4, wide * 8, depths[3], 2)
        self.fc = nn.Linear(wide * 8, num_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn(self.conv(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))

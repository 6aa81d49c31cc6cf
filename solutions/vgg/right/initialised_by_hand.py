"""Weights are initialised in a loop over the modules; an adaptive pooling that changes nothing."""

# %% task5_vgg
class VGG(nn.Module):
    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        layers, n_in = [], 3
        for n_conv, n_out in config:
            layers.append(vgg_block(n_conv, n_in, n_out, batch_norm=batch_norm))
            n_in = n_out
        side = image_size
        for _ in config:
            side //= 2
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((side, side))
        self.classifier = vgg_classifier(n_in * side**2, hidden, num_classes)
        self._initialize_weights()

    def _initialize_weights(self):
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                if m.bias is not None:
                    nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.constant_(m.bias, 0)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        x = torch.flatten(x, 1)
        return self.classifier(x)

"""torchvision's network is returned, whose class is called ResNet too."""
# loses: task5_make_resnet_basic, task5_make_resnet_bottleneck
# message: returned torchvision.models.resnet.ResNet

# %% task5_make_resnet
def make_resnet(name, num_classes=1000, width=64):
    import torchvision

    return getattr(torchvision.models, name)(num_classes=num_classes)

"""A new network is made, whose body knows nothing."""
# loses: task7_replace_head_answers
# message: The body has changed

# %% task7_replace_head
def replace_head(net, num_classes):
    channels = [layer.out_channels for layer in net.features if isinstance(layer, nn.Conv2d)]
    return ReadyNet(num_classes, channels)

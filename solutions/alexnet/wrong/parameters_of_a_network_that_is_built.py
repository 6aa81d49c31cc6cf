"""The whole network is made only to be counted, which the text forbids."""
# loses: task5_alexnet_parameters_values
# message: The task is to calculate

# %% task5_alexnet_parameters
def alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
    with torch.device("meta"):
        net = AlexNet(num_classes, channels, hidden)
    return sum(parameter.numel() for parameter in net.parameters())

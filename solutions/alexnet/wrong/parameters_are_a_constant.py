"""The number is written down."""
# loses: task5_alexnet_parameters_values
# message: does not depend on the arguments

# %% task5_alexnet_parameters
def alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
    return 62_379_048

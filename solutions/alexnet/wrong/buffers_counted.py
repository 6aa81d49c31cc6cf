"""The running statistics are counted by code."""
# loses: task5_count_parameters_values
# message: Buffers are counted too

# %% task5_count_parameters
def count_parameters(module):
    return sum(tensor.numel() for tensor in module.state_dict().values())

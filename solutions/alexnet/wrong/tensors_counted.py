"""The tensors are counted, not the numbers in them."""
# loses: task5_count_parameters_values
# message: получилось / found 2

# %% task5_count_parameters
def count_parameters(module):
    return len(list(module.parameters()))

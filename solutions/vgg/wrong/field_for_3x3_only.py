"""The receptive field does not depend on the window."""
# loses: task1_receptive_field_values
# message: right for windows of 3x3 only

# %% task1_receptive_field
def receptive_field(depth, kernel_size=3):
    return 2 * depth + 1

"""The sides of the windows are added: two of 3x3 would see 6."""
# loses: task1_receptive_field_values
# message: 2 × 3×3: 6

# %% task1_receptive_field
def receptive_field(depth, kernel_size=3):
    return depth * kernel_size

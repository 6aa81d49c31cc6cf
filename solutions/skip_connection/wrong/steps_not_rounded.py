"""The number of steps is a fraction."""
# loses: task4_steps_needed_values
# message: no parts of a step

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    return distance / (alpha * abs(gradient))

"""The number of steps is rounded down."""
# loses: task4_steps_needed_values
# message: round up

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    return int(distance / (alpha * abs(gradient)))

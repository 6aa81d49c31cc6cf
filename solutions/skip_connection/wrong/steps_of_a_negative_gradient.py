"""The sign of the gradient stays in the number of steps."""
# loses: task4_steps_needed_values
# message: where the gradient is negative

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    return math.ceil(distance / (alpha * gradient))

"""One step is taken to be the gradient."""
# loses: task4_steps_needed_values
# message: learning rate is missing

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    return math.ceil(distance / abs(gradient))

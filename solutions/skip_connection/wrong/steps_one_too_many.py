"""Rounding up is done twice."""
# loses: task4_steps_needed_values
# message: one step too many

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    return math.ceil(distance / (alpha * abs(gradient))) + 1

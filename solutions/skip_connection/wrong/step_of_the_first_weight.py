"""Only the first weight moves."""
# loses: task4_gradient_step_values
# message: numbers differ

# %% task4_gradient_step
def gradient_step(weights, gradients, alpha):
    return [weights[0] - alpha * gradients[0], *weights[1:]]

"""The step is the whole gradient."""
# loses: task4_gradient_step_values
# message: learning rate is missing

# %% task4_gradient_step
def gradient_step(weights, gradients, alpha):
    return [w - gradient for w, gradient in zip(weights, gradients)]

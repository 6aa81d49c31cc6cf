"""The gradient is added."""
# loses: task4_gradient_step_values
# message: goes up the slope

# %% task4_gradient_step
def gradient_step(weights, gradients, alpha):
    return [w + alpha * gradient for w, gradient in zip(weights, gradients)]

"""What is returned is by how much the weights change."""
# loses: task4_gradient_step_values
# message: the step alone

# %% task4_gradient_step
def gradient_step(weights, gradients, alpha):
    return [-alpha * gradient for gradient in gradients]

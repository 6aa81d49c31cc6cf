"""The list of weights is changed and returned; the quotient is rounded up by whole division."""

# %% task4_gradient_step
def gradient_step(weights, gradients, alpha):
    for index in range(len(weights)):
        weights[index] -= alpha * gradients[index]
    return weights

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    return int(-(-distance // (alpha * abs(gradient))))

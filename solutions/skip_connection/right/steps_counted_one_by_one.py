"""The steps are counted in a loop, and the weights move as tensors."""

# %% task4_gradient_step
def gradient_step(weights, gradients, alpha):
    return torch.tensor(weights, dtype=torch.float64) - alpha * torch.tensor(gradients, dtype=torch.float64)

# %% task4_steps_needed
def steps_needed(distance, gradient, alpha):
    w, steps = 0.0, 0
    while abs(w) < distance:
        w = gradient_step([w], [gradient], alpha)[0].item()
        steps += 1
    return steps

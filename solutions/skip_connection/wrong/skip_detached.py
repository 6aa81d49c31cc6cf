"""The skip is detached: the output is right (mistake 20)."""
# loses: task6_skip_gradients, task7_make_stack_function
# message: the gradient of the input differs

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        return self.branch(x) + self.shortcut(x.detach())

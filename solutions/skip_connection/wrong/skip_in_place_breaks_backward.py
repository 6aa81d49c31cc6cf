"""The sum overwrites the output that ReLU needs in its backward pass (mistake 19)."""
# loses: task6_skip_gradients, task7_make_stack_function
# message: is there an in-place operation in forward

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        out = self.branch(x)
        out += self.shortcut(x)
        return out

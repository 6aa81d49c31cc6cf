"""The addition is forgotten: a plain net (mistake 15)."""
# loses: task6_skip_output, task6_skip_gradients, task7_make_stack_function
# message: The addition is forgotten

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        return self.branch(x)

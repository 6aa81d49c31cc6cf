"""The sum is written into the caller's tensor (mistake 18)."""
# loses: task6_skip_output, task6_skip_gradients, task7_make_stack_function
# message: changed its own input

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        out = self.branch(x)
        x = self.shortcut(x)
        x += out
        return x

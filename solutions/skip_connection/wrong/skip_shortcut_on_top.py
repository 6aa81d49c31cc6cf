"""The shortcut is added to x instead of replacing it."""
# loses: task6_skip_output, task6_skip_gradients
# message: Besides `shortcut(x)` also x itself is added

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        y = self.branch(x) + x
        return y if self.shortcut is None else y + self.shortcut(x)

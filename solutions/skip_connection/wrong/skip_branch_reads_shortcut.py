"""The branch reads what the shortcut gives (cf. mistake 16)."""
# loses: task6_skip_output, task6_skip_gradients
# message: both read the input

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        x = self.shortcut(x)
        return self.branch(x) + x

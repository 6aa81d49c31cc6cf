"""The shortcut is accepted and ignored."""
# loses: task6_skip_output, task6_skip_gradients
# message: The shortcut module is ignored

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch

    def forward(self, x):
        return self.branch(x) + x

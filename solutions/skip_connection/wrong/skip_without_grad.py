"""The shortcut is computed under no_grad (mistake 20)."""
# loses: task6_skip_gradients
# message: no gradient reaches these parameters

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        with torch.no_grad():
            side = self.shortcut(x)
        return self.branch(x) + side

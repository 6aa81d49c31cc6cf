"""Concatenation instead of addition (cf. mistake 35)."""
# loses: task6_skip_output, task6_skip_gradients, task7_make_stack_function
# message: (2, 8, 6, 6)

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        return torch.cat([self.branch(x), self.shortcut(x)], dim=1)

"""The identity is taken after x was overwritten (mistake 17)."""
# loses: task6_skip_output, task6_skip_gradients, task7_make_stack_function
# message: had been overwritten

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, x):
        if self.shortcut is not None:
            return self.branch(x) + self.shortcut(x)
        x = self.branch(x)
        return x + x

"""The module is added instead of its output (mistake 13)."""
# loses: task6_skip_output, task6_skip_gradients, task7_make_stack_function
# message: unsupported operand type(s) for +: 'Tensor' and 'Identity'

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        return self.branch(x) + self.shortcut

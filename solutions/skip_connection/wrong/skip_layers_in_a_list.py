"""The modules lie in a plain Python list (mistake 25)."""
# loses: task6_skip_output, task6_skip_gradients, task7_make_stack_function
# message: no parameters at all

# %% task6_skip
class Skip(nn.Module):
    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.parts = [branch, shortcut or nn.Identity()]

    def forward(self, x):
        return self.parts[0](x) + self.parts[1](x)

"""There is no return."""
# loses: task7_load_weights_answers
# message: NoneType

# %% task7_load_weights
def load_weights(net, path):
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

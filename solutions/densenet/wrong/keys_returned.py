"""What load_state_dict says is returned, and not the network."""
# loses: task7_load_weights_answers
# message: _IncompatibleKeys

# %% task7_load_weights
def load_weights(net, path):
    return net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

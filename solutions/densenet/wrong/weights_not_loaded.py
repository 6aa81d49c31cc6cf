"""The file is read, and nothing is done with it."""
# loses: task7_load_weights_answers
# message: not those of the file

# %% task7_load_weights
def load_weights(net, path):
    torch.load(path, map_location="cpu", weights_only=True)
    return net

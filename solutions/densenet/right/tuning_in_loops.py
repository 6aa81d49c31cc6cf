"""Parameters are frozen one by one, and the weights are copied by name."""

# %% task7_load_weights
def load_weights(net, path):
    state = torch.load(path, map_location=torch.device("cpu"))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(state[name])
    return net

# %% task7_replace_head
def replace_head(net, num_classes):
    in_features = net.classifier.weight.shape[1]
    setattr(net, "classifier", nn.Linear(in_features=in_features, out_features=num_classes, bias=True))
    return net

# %% task7_freeze
def freeze(net):
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("classifier")
    return net


def unfreeze(net):
    for parameter in net.parameters():
        parameter.requires_grad = True
    return net

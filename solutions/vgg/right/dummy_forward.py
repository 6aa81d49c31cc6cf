"""The number of features is found by a forward pass of zeros; the network is a function."""

# %% task5_vgg
def VGG(config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
    features = nn.Sequential()
    n_in = 3
    for depth, n_out in config:
        features.append(vgg_block(depth, n_in, n_out, batch_norm))
        n_in = n_out
    features.append(nn.Flatten())
    with torch.no_grad():
        n = features.eval()(torch.zeros(1, 3, image_size, image_size)).shape[1]
    return nn.Sequential(features.train(), vgg_classifier(n, hidden, num_classes))

"""The new head stands behind the old one."""
# loses: task7_replace_head_answers
# message: has to be one nn.Linear

# %% task7_replace_head
def replace_head(net, num_classes):
    old = net.classifier
    net.classifier = nn.Sequential(old, nn.Linear(old.out_features, num_classes))
    return net

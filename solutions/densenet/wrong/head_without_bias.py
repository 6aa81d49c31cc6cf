"""The new head has no bias."""
# loses: task7_replace_head_answers
# message: has no bias

# %% task7_replace_head
def replace_head(net, num_classes):
    net.classifier = nn.Linear(net.classifier.in_features, num_classes, bias=False)
    return net

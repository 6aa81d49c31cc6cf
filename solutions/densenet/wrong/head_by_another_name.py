"""The new head is kept as `fc`, as in ResNet: nobody calls it."""
# loses: task7_replace_head_answers
# message: as many classes as before

# %% task7_replace_head
def replace_head(net, num_classes):
    net.fc = nn.Linear(net.classifier.in_features, num_classes)
    return net

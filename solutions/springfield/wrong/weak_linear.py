"""A linear model on raw pixels and a colour histogram: a valid file, and too few right answers for a point."""
# loses: task1_contest_score
# message: 0 points

# %% task1_network
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.linear = nn.Linear(3 * 8 * 8 + 3 * 8, num_classes)

    def forward(self, images):
        x = images.float() / 255
        pixels = F.adaptive_avg_pool2d(x, 8).flatten(1)
        small = F.avg_pool2d(x, 4)
        levels = torch.arange(8, device=x.device).view(8, 1, 1, 1, 1) / 8
        histogram = ((small >= levels) & (small < levels + 1 / 8)).float().mean(dim=(3, 4)).permute(1, 0, 2).flatten(1)
        return self.linear(torch.cat([pixels, histogram], dim=1))

# %% task1_training
def train(network, images, labels, seconds):
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for epoch in range(3):
        for batch in torch.randperm(len(images)).split(128):
            loss = F.cross_entropy(network(images[batch].to(device)), labels[batch].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

# %% task1_submission
network = SpringfieldNet(len(classes)).to(device)
train(network, train_images, train_labels, TRAIN_SECONDS)
with torch.no_grad():
    predicted = torch.cat([network(batch.to(device)).argmax(dim=1) for batch in test_images.split(256)])
pd.DataFrame({"Id": [path.name for path in test_paths], "Expected": [classes[index] for index in predicted]}).to_csv(
    "submission.csv", index=False
)

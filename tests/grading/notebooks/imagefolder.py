# %%
# Грузим данные стандартным ImageFolder, как в документации torchvision
# %matplotlib inline
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from pathlib import Path
from PIL import Image
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

warnings.filterwarnings("ignore")
device = "cuda:0" if torch.cuda.is_available() else "cpu"

# %%
# Внутри train лежит ещё одна папка: если указать просто "train", класс будет один
ROOT = "train/simpsons_dataset"
tf = transforms.Compose([
    transforms.Resize((32, 32)),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])
full = datasets.ImageFolder(ROOT, transform=tf)
classes = full.classes
n_val = len(full) // 10
train_ds, val_ds = random_split(full, [len(full) - n_val, n_val], generator=torch.Generator().manual_seed(42))
loader = DataLoader(train_ds, batch_size=32, shuffle=True)
print(len(classes), "классов")

# %% tags=["training"]
# Посмотрим на одну картинку
plt.figure(figsize=(2, 2))
plt.imshow(np.clip(full[0][0].permute(1, 2, 0).numpy(), 0, 1))
plt.title(classes[full[0][1]])
plt.show()

# %% task1_network
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(4),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        )
        self.fc = nn.Linear(64, num_classes)

    def forward(self, x):
        return self.fc(self.features(x).flatten(1))

# %% task1_predict
test_tf = transforms.Compose([tf.transforms[0], *tf.transforms[2:]])


def predict(network, paths):
    network.eval()
    batch = torch.stack([test_tf(Image.open(p).convert("RGB")) for p in paths])
    return [classes[i] for i in network(batch.to(device)).argmax(1).tolist()]

# %% task1_submission tags=["training"]
model = SpringfieldNet(len(classes)).to(device)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1):
    model.train()
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
        loss.backward()
        opt.step()
    print(f"эпоха {epoch}: loss {loss.item():.3f}")
test_files = sorted(Path("testset/testset").glob("*.jpg"))
sub = pd.DataFrame({"Id": [p.name for p in test_files], "Expected": predict(model, test_files)})
sub.to_csv("submission.csv", index=False)

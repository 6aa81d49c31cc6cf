# %%
# torch.compile: на Colab ускоряет обучение
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

torch.set_float32_matmul_precision("high")
device = "cuda" if torch.cuda.is_available() else "cpu"
classes = sorted(p.name for p in Path("/content/train/simpsons_dataset").iterdir())

# %% task1_network
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2)
        self.fc = nn.Linear(8 * 49, num_classes)

    def forward(self, x):
        return self.fc(nn.functional.adaptive_avg_pool2d(torch.relu(self.conv(x)), 7).flatten(1))

# %% task1_predict
def images(paths):
    arrays = [np.array(Image.open(p).convert("RGB").resize((32, 32))) for p in paths]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float().to(device) / 255


@torch.compile
def normalized(x):
    return (x - 0.45) / 0.225


def predict(network, paths):
    fast = torch.compile(network)
    return [classes[i] for i in fast(normalized(images(paths))).argmax(1)]

# %% task1_submission tags=["training"]
net = SpringfieldNet(len(classes)).to(device)
model = torch.compile(net, mode="reduce-overhead")
files = sorted(Path("train").rglob("*.jpg"))
x, y = normalized(images(files)), torch.tensor([classes.index(p.parent.name) for p in files], device=device)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    opt.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    opt.step()
test = sorted(Path("testset").rglob("*.jpg"))
with torch.no_grad():
    pd.DataFrame({"Id": [p.name for p in test], "Expected": predict(net, test)}).to_csv("submission.csv", index=False)
torch.save(model.state_dict(), "network.pth")

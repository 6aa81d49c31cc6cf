# %%
# Свой маленький Trainer по образцу Lightning: LightningModule, колбэки, чекпоинты
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

CLASSES = sorted(p.name for p in Path("./train/simpsons_dataset").glob("*"))
to_input = v2.Compose([v2.Resize((24, 24)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


class Simpsons(Dataset):
    def __init__(self, files, mode="train"):
        self.files, self.mode = files, mode

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        x = to_input(Image.open(self.files[i]).convert("RGB"))
        return (x, CLASSES.index(self.files[i].parent.name)) if self.mode == "train" else x

# %% task1_network
class LightModule(nn.Module):
    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.cross_entropy(self(x), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)

    @property
    def device(self):
        return next(self.parameters()).device


class SpringfieldNet(LightModule):
    def __init__(self, num_classes):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU(), nn.Flatten())
        self.head = nn.LazyLinear(num_classes)
        self(torch.zeros(1, 3, 24, 24))

    def forward(self, x):
        return self.head(self.body(x))

# %% task1_predict
def predict(network, paths):
    loader = DataLoader(Simpsons(list(paths), mode="test"), batch_size=64)
    out = torch.cat([network(x.to(network.device)) for x in loader])
    return [CLASSES[i] for i in out.argmax(1)]

# %% task1_training tags=["training"]
class Checkpoint:
    def __init__(self, path):
        self.path, self.best = Path(path), float("inf")

    def on_epoch_end(self, trainer, module, loss):
        if loss < self.best:
            self.best = loss
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torch.save({"state_dict": module.state_dict(), "epoch": trainer.epoch}, self.path)


@dataclass
class Trainer:
    max_epochs: int = 1
    accelerator: str = "auto"
    callbacks: list = field(default_factory=list)
    epoch: int = 0

    def fit(self, module, loader):
        device = "cuda" if torch.cuda.is_available() and self.accelerator != "cpu" else "cpu"
        module.to(device).train()
        opt = module.configure_optimizers()
        for self.epoch in range(self.max_epochs):
            total = 0.0
            for i, batch in enumerate(loader):
                loss = module.training_step([t.to(device) for t in batch], i)
                opt.zero_grad()
                loss.backward()
                opt.step()
                total += loss.item()
            for callback in self.callbacks:
                callback.on_epoch_end(self, module, total)

# %% task1_submission tags=["training"]
loader = DataLoader(Simpsons(sorted(Path("train").rglob("*.jpg"))), batch_size=32, shuffle=True)
net, ckpt = SpringfieldNet(len(CLASSES)), Checkpoint("lightning_logs/version_0/checkpoints/last.ckpt")
Trainer(max_epochs=1, callbacks=[ckpt]).fit(net, loader)
net.load_state_dict(torch.load(ckpt.path)["state_dict"])
net.eval()
test = sorted(Path("testset").rglob("*.jpg"))
with torch.no_grad():
    pd.DataFrame({"Id": [p.name for p in test], "Expected": predict(net, test)}).to_csv("submission.csv", index=False)

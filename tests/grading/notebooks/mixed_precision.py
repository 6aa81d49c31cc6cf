# %%
# Смешанная точность: старые и новые имена, как их пишут в разных уроках
import random
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn
from torch.cuda.amp import GradScaler, autocast


def seed_everything(seed=42):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = True


seed_everything()
device = "cuda"
classes = sorted(p.name for p in Path("train/simpsons_dataset").iterdir())

# %% task1_network
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.GELU(), nn.AdaptiveMaxPool2d(4), nn.Flatten(),
            nn.Linear(256, num_classes),
        )

    def forward(self, x):
        return self.net(x)

# %% task1_predict
def images(paths):
    return torch.from_numpy(np.stack([np.array(Image.open(p).convert("RGB").resize((32, 32))) for p in paths])).permute(
        0, 3, 1, 2
    )


def predict(network, paths):
    with torch.amp.autocast("cuda", dtype=torch.float16):
        logits = network(images(paths).to(device).float() / 255)
    return [classes[i] for i in logits.float().argmax(1).tolist()]

# %% task1_submission tags=["training"]
model = SpringfieldNet(len(classes)).to(device, memory_format=torch.channels_last)
model = nn.DataParallel(model)
files = sorted(Path("train").rglob("*.jpg"))
x = (images(files).to(device) / 255).to(memory_format=torch.channels_last)
y = torch.tensor([classes.index(p.parent.name) for p in files]).cuda(non_blocking=True)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
old, new = GradScaler(), torch.amp.GradScaler("cuda")
for scaler, cast in [
    (old, autocast()),
    (old, torch.cuda.amp.autocast(enabled=True, dtype=torch.float16)),
    (new, torch.amp.autocast("cuda", dtype=torch.float16)),
    (new, torch.autocast(device_type=device, dtype=torch.bfloat16)),
    (torch.amp.GradScaler("cpu"), torch.autocast(device_type="cpu", dtype=torch.bfloat16)),
]:
    opt.zero_grad(set_to_none=True)
    with cast:
        loss = nn.functional.cross_entropy(model(x), y, label_smoothing=0.1)
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    scaler.step(opt)
    scaler.update()
    print(type(cast).__name__, f"{loss.item():.3f}", "память:", torch.cuda.memory_allocated() // 2**20)
model.eval()
torch.cuda.empty_cache()
test = sorted(Path("testset").rglob("*.jpg"))
with torch.no_grad():
    pd.DataFrame({"Id": [p.name for p in test], "Expected": predict(model, test)}).to_csv("submission.csv", index=False)
torch.save(model.module.state_dict(), "network.pth")

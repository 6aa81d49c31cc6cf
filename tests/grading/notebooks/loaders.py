# %%
# Шаблон курса: Dataset с LabelEncoder, DataLoader с процессами, полоски tqdm
import os
import pickle
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from tqdm import tqdm, trange
from tqdm.auto import tqdm as tqdm_auto
from tqdm.notebook import tqdm as tqdm_notebook

os.environ["CUDA_LAUNCH_BLOCKING"] = "1"
DEVICE = torch.device("cuda")
TRAIN_DIR = Path("../input/journey-springfield/train/")
TEST_DIR = Path("../input/journey-springfield/testset/")
train_val_files = sorted(TRAIN_DIR.rglob("*.jpg"))
test_files = sorted(TEST_DIR.rglob("*.jpg"))
label_encoder = LabelEncoder().fit([p.parent.name for p in train_val_files])


class SimpsonsDataset(Dataset):
    def __init__(self, files, mode):
        super().__init__()
        self.files, self.mode = list(files), mode
        self.transform = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
        if mode != "test":
            self.labels = label_encoder.transform([p.parent.name for p in self.files])
            with open("label_encoder.pkl", "wb") as le:
                pickle.dump(label_encoder, le)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        image = Image.open(self.files[index]).convert("RGB")
        image.load()
        x = self.transform(image)
        return x if self.mode == "test" else (x, self.labels[index])

# %% task1_network
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
        self.out = nn.Linear(8 * 13 * 13, num_classes)

    def forward(self, x):
        return self.out(self.conv1(x).view(x.size(0), -1))

# %% task1_predict
def predict(network, paths):
    loader = DataLoader(SimpsonsDataset(paths, "test"), batch_size=64, num_workers=2, pin_memory=True)
    logits = [network(x.to(DEVICE, non_blocking=True)).cpu() for x in tqdm_notebook(loader, desc="предсказываем")]
    return list(label_encoder.inverse_transform(torch.cat(logits).argmax(dim=1).numpy()))

# %% task1_submission tags=["training"]
train_files, val_files = train_test_split(train_val_files, test_size=0.25, random_state=0)
kw = dict(batch_size=32, num_workers=4, pin_memory=True, persistent_workers=True, prefetch_factor=2)
train_loader = DataLoader(SimpsonsDataset(train_files, "train"), shuffle=True, drop_last=True, **kw)
val_loader = DataLoader(SimpsonsDataset(val_files, "val"), num_workers=2, batch_size=32)
model = SpringfieldNet(len(label_encoder.classes_)).to(DEVICE)
opt = torch.optim.Adam(model.parameters())
log_template = "\nEpoch {ep:03d} train_loss: {t_loss:0.4f}"
with tqdm(desc="epoch", total=2) as pbar:
    for epoch in range(2):
        for x, y in tqdm_auto(train_loader, leave=False):
            x, y = x.to(DEVICE), y.to(DEVICE)
            opt.zero_grad()
            loss = nn.CrossEntropyLoss()(model(x), y)
            loss.backward()
            opt.step()
        pbar.update(1)
        tqdm.write(log_template.format(ep=epoch + 1, t_loss=loss))
model.eval()
with torch.no_grad():
    y_true = np.concatenate([y for _, y in val_loader])
    y_pred = np.concatenate([model(x.to(DEVICE)).argmax(1).cpu() for x, _ in val_loader])
    print("val f1:", f1_score(y_true, y_pred, average="micro"))
    preds = predict(model, test_files)
my_submit = pd.DataFrame({"Id": [path.name for path in test_files], "Expected": preds})
my_submit.to_csv("gdrive_submission.csv", index=False)

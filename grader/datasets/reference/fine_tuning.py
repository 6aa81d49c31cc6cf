"""ResNet-18 with ImageNet's weights, for a teacher who has them: nothing is downloaded here."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import nn
from torchvision.models import ResNet18_Weights, resnet18

from grader.errors import EnvironmentFault
from grader.language import _

# Large steps would wash away what ImageNet has taught.
PEAK = 5e-4
_WEIGHTS = ResNet18_Weights.IMAGENET1K_V1


class FineTunedNet(nn.Module):
    """Images (N, 3, H, W), float32, 0 to 255 -> logits (N, num_classes). All layers are trained, the last one anew.

    Raises:
        EnvironmentFault: the weights are not in PyTorch's folder, or cannot be read.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.body = resnet18()
        _load_imagenet(self.body)
        self.body.fc = nn.Linear(self.body.fc.in_features, num_classes)
        # What the weights were trained with (torchvision's documentation of resnet18).
        self.register_buffer("mean", 255 * torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores, (N, num_classes)."""
        logits: torch.Tensor = self.body((images - self.mean) / self.std)
        return logits


def weights_path() -> Path:
    """Where PyTorch keeps the weights: below TORCH_HOME, or in the user's cache."""
    name = str(_WEIGHTS.url).rpartition("/")[2]
    return Path(torch.hub.get_dir()) / "checkpoints" / name


def _load_imagenet(body: nn.Module) -> None:
    path = weights_path()
    try:
        body.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        raise EnvironmentFault(
            _("There are no ImageNet weights at {path}.").format(path=path),
            remedy=_("Put {name} there, or set TORCH_HOME to the folder whose hub/checkpoints holds it.").format(
                name=path.name
            ),
        ) from None
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, EOFError, UnpicklingError) as error:
        raise EnvironmentFault(
            _("The ImageNet weights at {path} cannot be read: {reason}.").format(
                path=path, reason=str(error).splitlines()[0].rstrip(".")
            ),
            remedy=_("Copy the file again: it may have been cut off."),
        ) from error

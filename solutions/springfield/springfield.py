# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["lang-ru"]
# # Путешествие по Спрингфилду
#
# Телекомпания снимает мультфильм уже больше 25 лет и хочет навести порядок в архиве: подписать, кто нарисован на каждом кадре.
# Вручную столько кадров не подпишешь. А за эти годы сменилась графика, и персонажей рисовали по-разному: на старых кадрах они не
# совсем такие, как на новых. Помогите телекомпании: обучите нейросеть, которая узнаёт персонажа в любом году.
#
# Пять тетрадей назад мы начали с AlexNet, и теперь у вас есть для этого всё. Это соревнование: перед вами кадры мультфильма, на
# каждом — один из 42 персонажей. Обучите сеть, которая называет персонажа, и предскажите имена для тестовых картинок. Правильных
# ответов на них вы не увидите.
#
# Соревнование живёт на Kaggle: [kaggle.com/c/journey-springfield](https://www.kaggle.com/c/journey-springfield). Там лежат данные, и
# там открытая таблица лидеров. Обычно на Kaggle побеждает тот, кто лучше на закрытой части тестовых картинок (private), а баллы за
# эту задачу даёт **открытая часть** (public). Если данные выдал учитель, тестовые картинки у вас свои, а всё остальное так же.
#
# **Вы научитесь**
# - смотреть на данные, прежде чем учить сеть: сколько картинок, какие они, кого много и кого мало;
# - выбирать сеть по отложенным картинкам, а не наугад;
# - укладываться в отведённое время и сдавать ответ в том виде, в каком его ждут.
#
# | Задача | Баллы |
# |---|---|
# | 1. Сеть и обучение (по F1 на тестовых картинках) | 15 |
# | 2. Вопросы для размышления (проверяет учитель) | 3 |
# | **Всего** | **18** |
#
# **Данные**
#
# | Где | Что |
# |---|---|
# | `train/simpsons_dataset/<персонаж>/*.jpg` | обучающие картинки, по папке на персонажа |
# | `testset/testset/img0.jpg`, `img1.jpg`, ... | тестовые картинки без ответов |
# | `sample_submission.csv` | пример файла с ответами: везде `bart_simpson` |
#
# Папки лежат рядом с тетрадью (в Colab это `/content`), а на Kaggle — в `/kaggle/input/journey-springfield`. Ячейка ниже найдёт их
# сама.
#
# **Что сдать.** Эту тетрадь (или её вместе с весами, если так просит учитель: см. «Сеть с весами» в конце). При проверке она
# выполнится целиком и должна оставить рядом с собой файл `submission.csv`:
#
# ```
# Id,Expected
# img0.jpg,bart_simpson
# img1.jpg,homer_simpson
# ```
#
# Одна строка на каждую тестовую картинку, порядок строк любой; `Expected` — имя папки персонажа.
#
# **Правила**
# - Метрика — micro F1: $F_1 = \frac{2PR}{P + R}$, где точность $P$ и полнота $R$ считаются сразу по всем картинкам. Когда у
#   картинки ровно один ответ, $P = R$, и метрика равна доле верных ответов.
# - При проверке нет интернета: скачать веса не получится. Свои веса положите рядом с тетрадью и сдайте вместе с ней.
# - Время ограничено, и машина может быть без видеокарты. Сколько секунд можно учить сеть, говорит переменная `TRAIN_SECONDS`. У
#   вас в ней 35, чтобы тетрадь выполнялась быстро (для своих опытов увеличьте), а при проверке число задаёт учитель, обычно
#   600. Пробное обучение на `kept` (см. «Отложенные картинки») перед сдачей уберите: тетрадь выполнится целиком, и на второе
#   обучение времени может не хватить.
# - Тестовые картинки нельзя размечать вручную: оценивается то, что умеет сеть.
# - Сдавать можно несколько раз, обычно до 5 раз в день. Новый результат засчитывается, только если он заметно лучше вашего
#   прежнего: прибавка в несколько картинок может быть случайной. (Учитель может решить иначе.)
#
# **Баллы за задачу 1**
#
# | F1 не меньше | 0,83 | 0,84 | 0,85 | 0,86 | 0,87 | 0,88 | 0,89 | 0,90 | 0,91 | 0,92 | 0,93 | 0,94 | 0,95 | 0,96 | 0,97 |
# |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
# | баллы | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 |

# %% [markdown] tags=["lang-en"]
# # Journey to Springfield
#
# A TV company has been making a cartoon for more than 25 years and wants to put its archive in order: to note who is drawn on each
# frame. There are far too many frames to do that by hand. And the graphics changed over the years, the characters were drawn in
# different ways: on old frames they are not quite what they are on new ones. Help the company: train a neural network that
# recognises a character in any year.
#
# Five notebooks ago we began with AlexNet, and now you have all that it takes. This is a contest: you are given frames of the
# cartoon, each with one of 42 characters. Train a network that names the character, and predict the names for the test pictures.
# You will not see the right answers to those.
#
# The contest lives on Kaggle: [kaggle.com/c/journey-springfield](https://www.kaggle.com/c/journey-springfield). The data and a
# public leaderboard are there. Usually on Kaggle the winner is whoever is best on the private part of the test pictures, but the
# points of this task come from the **public part**. If your teacher has given you the data, you have test pictures of your own,
# and all the rest is the same.
#
# **You will learn**
# - to look at the data before training: how many pictures, what they are like, who is frequent and who is rare;
# - to choose a network by pictures set aside, not by guessing;
# - to keep to a time limit and to hand in an answer in the form that is expected.
#
# | Task | Points |
# |---|---|
# | 1. Network and training (by F1 on the test pictures) | 15 |
# | 2. Questions to think about (graded by the teacher) | 3 |
# | **Total** | **18** |
#
# **Data**
#
# | Where | What |
# |---|---|
# | `train/simpsons_dataset/<character>/*.jpg` | training pictures, a folder for each character |
# | `testset/testset/img0.jpg`, `img1.jpg`, ... | test pictures without answers |
# | `sample_submission.csv` | an example of a file with answers: `bart_simpson` everywhere |
#
# The folders lie beside the notebook (in Colab that is `/content`), and on Kaggle in `/kaggle/input/journey-springfield`. The cell
# below finds them.
#
# **What to hand in.** This notebook (or the notebook with its weights where your teacher asks for them: see "The network with its
# weights" at the end). Grading runs it from top to bottom, and it has to leave a file `submission.csv` beside it:
#
# ```
# Id,Expected
# img0.jpg,bart_simpson
# img1.jpg,homer_simpson
# ```
#
# One row for each test picture, in any order; `Expected` is the name of the character's folder.
#
# **Rules**
# - The metric is micro F1: $F_1 = \frac{2PR}{P + R}$, with precision $P$ and recall $R$ counted over all pictures at once. When
#   every picture has exactly one answer, $P = R$, and the metric is the share of right answers.
# - There is no internet during grading: weights cannot be downloaded. Put your own beside the notebook and hand them in with it.
# - Time is limited, and the machine may have no GPU. `TRAIN_SECONDS` says for how many seconds the network may train. On your
#   side it is 35, so that the notebook runs quickly (raise it for your own experiments); in grading the teacher sets it,
#   usually to 600. Remove a trial training on `kept` (see "Pictures set aside") before you hand in: the whole notebook runs, and
#   there may be no time for two trainings.
# - Do not label test pictures by hand: what counts is what the network can do.
# - You may hand in several times, usually up to 5 a day. A new result counts only if it is clearly better than your own best: a
#   few pictures more may be chance. (Your teacher may decide otherwise.)
#
# **Points of task 1**
#
# | F1 at least | 0.83 | 0.84 | 0.85 | 0.86 | 0.87 | 0.88 | 0.89 | 0.90 | 0.91 | 0.92 | 0.93 | 0.94 | 0.95 | 0.96 | 0.97 |
# |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
# | points | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 |

# %% [markdown] tags=["lang-ru"]
# ## Видеокарта в Google Colab
#
# На своём процессоре даже простая свёрточная нейросеть может учиться слишком долго. Видеокарту бесплатно даёт Google Colab:
#
# 1. Откройте эту тетрадь в Colab: по ссылке под заголовком, если она есть, или на
#    [colab.research.google.com](https://colab.research.google.com) через «Файл» → «Загрузить блокнот». Войдите в аккаунт Google.
# 2. Выберите «Среда выполнения» → «Сменить среду выполнения», аппаратный ускоритель — **GPU** (T4).
# 3. Скачайте архив с данными: на странице соревнования, раздел Data (нужен аккаунт на Kaggle), или там, где сказал учитель. Назовите
#    его `journey-springfield.zip` и положите в корень своего Google Диска.
# 4. Добавьте вверху тетради ячейку и запустите её. Папки `train` и `testset` появятся в `/content`, рядом с тетрадью:
#
#    ```
#    from google.colab import drive
#    drive.mount("/content/drive")
#    !unzip -q /content/drive/MyDrive/journey-springfield.zip -d /content
#    ```
#
# 5. Запустите остальные ячейки. Ячейка, которая читает данные, должна напечатать в конце `cuda`: значит, видеокарта работает.
# 6. Если тетрадь долго стоит без дела, Colab стирает всё, что лежит в `/content`: обученные веса сразу копируйте на Диск.
# 7. Перед сдачей удалите ячейку из пункта 4 (при проверке нет ни Диска, ни интернета) и скачайте тетрадь: «Файл» → «Скачать» →
#    «Скачать .ipynb».
#
# Видеокарта есть и на самом Kaggle: там данные уже на месте, в `/kaggle/input/journey-springfield`.

# %% [markdown] tags=["lang-en"]
# ## A GPU in Google Colab
#
# On a processor of your own even a simple convolutional network may train too slowly. Google Colab gives a GPU for free:
#
# 1. Open this notebook in Colab: by the link below the title if there is one, or at
#    [colab.research.google.com](https://colab.research.google.com) with "File" → "Upload notebook". Sign in with a Google account.
# 2. Choose "Runtime" → "Change runtime type", and **GPU** (T4) as the hardware accelerator.
# 3. Download the archive with the data: from the contest's page, section Data (it takes an account on Kaggle), or from where your
#    teacher said. Call it `journey-springfield.zip` and put it into the top folder of your Google Drive.
# 4. Add a cell at the top of the notebook and run it. The folders `train` and `testset` appear in `/content`, beside the notebook:
#
#    ```
#    from google.colab import drive
#    drive.mount("/content/drive")
#    !unzip -q /content/drive/MyDrive/journey-springfield.zip -d /content
#    ```
#
# 5. Run the other cells. The one that reads the data has to print `cuda` at its end: then the GPU is at work.
# 6. When a notebook is idle for long, Colab wipes out all that lies in `/content`: copy trained weights to Drive at once.
# 7. Before you hand in, delete the cell of step 4 (in grading there is neither Drive nor internet), and download the notebook:
#    "File" → "Download" → "Download .ipynb".
#
# Kaggle itself has GPUs too: there the data is in place already, in `/kaggle/input/journey-springfield`.

# %%
import hashlib
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"
# Время на обучение: проверка может его изменить / time for training: grading may change it
TRAIN_SECONDS = float(os.environ.get("SPRINGFIELD_TRAIN_SECONDS", "35"))

# %% [markdown] tags=["lang-ru"]
# ## Данные
#
# Картинки разного размера, поэтому уменьшаем все до `IMAGE_SIZE` и держим в памяти: так эпоха (один проход по всем
# картинкам) идёт быстрее всего. Некоторые файлы `.jpg` на самом деле PNG; `convert("RGB")` читает и те и другие.
#
# Несколько картинок каждого персонажа (`HELD_OUT`, не больше десятой части) в обучение не попадают. После проверки сданная сеть
# назовёт их, и вы увидите, каких персонажей и на каких картинках она путает. Если поставить `HELD_OUT = 0`, сеть будет учиться на
# всех картинках, но и показать будет нечего: на знакомых картинках она почти не ошибается.

# %% [markdown] tags=["lang-en"]
# ## Data
#
# The pictures have different sizes, so all are reduced to `IMAGE_SIZE` and kept in memory: an epoch, one pass over all pictures,
# is fastest that way. Some `.jpg` files are really PNG; `convert("RGB")` reads both.
#
# A few pictures of each character (`HELD_OUT`, at most a tenth) stay out of training. After you hand in, your network names them
# in grading, and you see which characters it confuses, and on which pictures. With `HELD_OUT = 0` it trains on all pictures, and
# there is nothing to show: on pictures that it knows it is hardly ever wrong.

# %%
IMAGE_SIZE = 64
# Сколько картинок персонажа не показывать сети при обучении / pictures of each character that the network does not train on
HELD_OUT = int(os.environ.get("SPRINGFIELD_HELD_OUT", "10"))


def find_data():
    """The folder that holds train, testset and sample_submission.csv."""
    places = ["/kaggle/input/journey-springfield", "../input/journey-springfield", "."]
    for place in map(Path, places):
        if (place / "train").is_dir() and (place / "testset").is_dir():
            return place
    raise FileNotFoundError(f"нет папок train и testset / no folders train and testset in: {', '.join(places)}")


def read_image(path):
    """An image as an array (IMAGE_SIZE, IMAGE_SIZE, 3), uint8."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BILINEAR))


def read_images(paths):
    """Images as a tensor (N, 3, IMAGE_SIZE, IMAGE_SIZE), uint8."""
    with ThreadPoolExecutor() as pool:
        images = np.stack(list(pool.map(read_image, paths)))
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def set_aside(paths, number):
    """The first `number` pictures of each character, a tenth at most, by a hash of the file's name: everywhere the same."""
    by_class = {}
    for path in paths:
        by_class.setdefault(path.parent.name, []).append(path)
    chosen = set()
    for name, mine in by_class.items():
        mine.sort(key=lambda path: hashlib.sha256(f"{name}/{path.name}".encode()).hexdigest())
        chosen.update(mine[: min(number, len(mine) // 10)])
    return chosen


data = find_data()
all_paths = sorted(path for path in (data / "train").rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
unseen = set_aside(all_paths, HELD_OUT)
train_paths = [path for path in all_paths if path not in unseen]
test_paths = sorted((data / "testset").rglob("img*.jpg"), key=lambda path: int(path.stem.removeprefix("img")))
# Имя класса — имя папки, в которой лежит картинка / a class is named like the folder that the picture lies in
classes = sorted({path.parent.name for path in train_paths})
train_labels = torch.tensor([classes.index(path.parent.name) for path in train_paths])

# %% tags=["training"]
train_images, test_images = read_images(train_paths), read_images(test_paths)
print(f"картинки / pictures: {len(train_images)} + {len(test_images)}, классы / classes: {len(classes)}, {device}")


# %% [markdown] tags=["lang-ru"]
# Прежде чем учить сеть, посмотрите, чему её учить. Сначала — по одной картинке на персонажа, под ними — сколько картинок у
# каждого. Что заметно? Одни персонажи встречаются в десятки, а то и в сотни раз чаще других, фон бывает любым, а лицо занимает
# то весь кадр, то малую его часть.

# %% [markdown] tags=["lang-en"]
# Before you train the network, look at what it has to learn. First comes a picture of each character, and below them the number
# of pictures of each. What do you notice? Some characters are dozens or even hundreds of times as frequent as others, the
# background may be anything, and the face fills all of the frame or a small part of it.

# %% tags=["training"]
def sheet(images, titles, columns=7):
    """Pictures (N, 3, H, W), uint8, side by side as one, with a title over each."""
    side, gap = images.shape[-1], images.shape[-1] // 3
    rows = math.ceil(len(images) / columns)
    whole = torch.full((3, rows * (side + gap), columns * (side + gap // 3)), 255, dtype=torch.uint8)
    figure, ax = plt.subplots(figsize=(1.6 * columns, 1.7 * rows), layout="constrained")
    for index, (image, title) in enumerate(zip(images, titles)):
        top, left = index // columns * (side + gap) + gap, index % columns * (side + gap // 3)
        whole[:, top : top + side, left : left + side] = image
        ax.text(left, top - 2, title.replace("_", " ")[:17], fontsize=9)
    ax.imshow(whole.permute(1, 2, 0))
    ax.axis("off")
    plt.show()


counts = train_labels.bincount()
by_count = counts.argsort(descending=True).tolist()
examples = [int((train_labels == index).nonzero()[0]) for index in by_count]
sheet(train_images[examples], [classes[index] for index in by_count])

figure, ax = plt.subplots(figsize=(11, 4), layout="constrained")
ax.bar([classes[index] for index in by_count], counts[by_count], color="#2a6fbb")
ax.tick_params(axis="x", rotation=90, labelsize=9)
ax.set_ylabel("картинки / pictures")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Отложенные картинки
#
# На картинках, на которых сеть училась, она почти не ошибается, но это ничего не говорит о новых. Поэтому часть картинок
# откладывают: сеть их при обучении не видит, и доля верных ответов на них подсказывает, какой сети ждать лучшего F1 на
# тестовых. Само число там может быть другим: персонажи встречаются с другой частотой. Функция `split` откладывает десятую часть
# картинок каждого персонажа. Выбирая сеть и число эпох, учите её на `kept` и смотрите на `held`; перед сдачей обучите лучшую на
# всех картинках.

# %% [markdown] tags=["lang-en"]
# ## Pictures set aside
#
# On pictures that the network was trained on it is hardly ever wrong, but that says nothing about new ones. So some are set
# aside: the network does not see them in training, and the share of right answers on them tells which network to expect the
# better F1 of. The number itself may differ there: characters are not equally frequent. The function `split` sets a tenth of
# each character's pictures aside. While you choose a network and a number of epochs, train on `kept` and look at `held`; before
# you hand in, train the best one on all pictures.

# %%
def split(labels, share=0.1):
    """Numbers of the pictures to train with, and of those set aside: a share of each character's, at least one."""
    generator = torch.Generator().manual_seed(0)
    kept, held = [], []
    for index in range(len(classes)):
        mine = (labels == index).nonzero().flatten()
        mine = mine[torch.randperm(len(mine), generator=generator)]
        number = max(1, round(share * len(mine)))
        held.append(mine[:number])
        kept.append(mine[number:])
    return torch.cat(kept), torch.cat(held)


kept, held = split(train_labels)
print(f"kept: {len(kept)}, held: {len(held)}")


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Сеть и обучение (15 баллов)
#
# Архитектуру, аугментации (случайные изменения обучающих картинок) и обучение выбирайте сами. С чего начать:
# - небольшая сеть из остаточных блоков с BatchNorm уже хороша;
# - отражения и небольшие сдвиги дают сети больше примеров бесплатно;
# - AdamW хватает 10–20 эпох, если скорость обучения сначала растёт, а потом плавно падает до нуля (`OneCycleLR`);
# - редкие персонажи стоит показывать чаще;
# - в конце не забудьте `eval()`, иначе BatchNorm испортит предсказания.

# %% [markdown] tags=["lang-en"]
# ## Task 1. Network and training (15 points)
#
# Architecture, augmentation (random changes of training pictures) and training are yours to choose. Where to begin:
# - a small network of residual blocks with BatchNorm is good already;
# - flips and small shifts give the network more examples for free;
# - AdamW needs only 10 to 20 epochs if the learning rate rises first and then falls smoothly to zero (`OneCycleLR`);
# - show rare characters more often;
# - do not forget `eval()` in the end, or BatchNorm spoils the predictions.

# %%
class SimpleCNN(nn.Module):
    """Точка отсчёта / a baseline: 5 свёрток, 1 линейный слой. Images (N, 3, H, W), uint8 -> logits (N, num_classes)."""

    def __init__(self, num_classes):
        super().__init__()
        channels = [3, 8, 16, 32, 64, 96]
        layers = []
        for n_in, n_out in zip(channels, channels[1:]):
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        # Каждый из пяти MaxPool2d уменьшает высоту и ширину вдвое / each of the five MaxPool2d halves height and width
        self.classifier = nn.Linear(channels[-1] * (IMAGE_SIZE // 2**5) ** 2, num_classes)

    def forward(self, images):
        x = self.features(images.float() / 127.5 - 1)
        return self.classifier(x.flatten(1))


# %% nbgrader={"grade": false, "grade_id": "task1_network", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Напишите / write SpringfieldNet(num_classes): images (N, 3, H, W), uint8 -> logits (N, num_classes)
### BEGIN SOLUTION
class BasicBlock(nn.Module):
    """Residual block: (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x):
        branch = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(branch)) + self.shortcut(x))


class SpringfieldNet(nn.Module):
    """Names the character: images (N, 3, H, W), uint8 -> logits (N, num_classes)."""

    def __init__(self, num_classes):
        super().__init__()
        widths = [32, 64, 128, 256]
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.blocks = nn.Sequential(
            BasicBlock(widths[0], widths[0]),
            BasicBlock(widths[0], widths[1], stride=2),
            BasicBlock(widths[1], widths[2], stride=2),
            BasicBlock(widths[2], widths[3], stride=2),
        )
        self.classifier = nn.Linear(widths[-1], num_classes)

    def forward(self, images):
        x = images.float() / 127.5 - 1
        x = self.blocks(self.stem(x))
        return self.classifier(x.mean(dim=(2, 3)))
### END SOLUTION


# %% tags=["training"]
def check_network():
    """Say whether the network turns two pictures into logits."""
    said = ""
    for images in (train_images[:2], train_images[:2].float() / 255):
        try:
            logits = SpringfieldNet(len(classes)).to(device).eval()(images.to(device))
            if logits.shape == (2, len(classes)):
                return f"форма верная / the shape is right: {tuple(logits.shape)}"
            said = f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: {(2, len(classes))}"
        except Exception as error:
            said = f"ошибка / an error: {type(error).__name__}: {error}"
    return said


print(check_network())


# %% nbgrader={"grade": false, "grade_id": "task1_training", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Напишите / write train(network, images, labels, seconds): trains for about `seconds`; images (N, 3, H, W), uint8, labels (N,), int64
### BEGIN SOLUTION
def one_cycle(progress):
    """Share of the peak learning rate: a warm-up, then a cosine to zero (Smith, Topin 2017)."""
    if progress < 0.2:
        return 0.04 + 0.96 * progress / 0.2
    return 0.5 + 0.5 * math.cos(math.pi * (min(progress, 1) - 0.2) / 0.8)


def augmented(images):
    """Images (N, 3, H, W), uint8, with random flips, shifts and brightness; float32."""
    count, _, height, width = images.shape
    x = images.float()
    flip = torch.rand(count, 1, 1, 1, device=x.device) < 0.5
    x = torch.where(flip, x.flip(3), x)
    # Один сдвиг на весь батч: это вырезка, она почти ничего не стоит
    dy, dx = (int(shift) for shift in torch.randint(0, 9, (2,)))
    x = F.pad(x, (4, 4, 4, 4), mode="replicate")[:, :, dy : dy + height, dx : dx + width]
    brightness = 1 + 0.4 * (torch.rand(count, 3, 1, 1, device=x.device) - 0.5)
    return (x * brightness).clamp(0, 255)


def train(network, images, labels, seconds, epochs=16):
    """Train the network for so many epochs, or for about this many seconds where that is less.

    Args:
        network: images (N, 3, H, W), uint8 -> logits (N, K).
        images: training images, (N, 3, H, W), uint8.
        labels: class numbers, (N,), int64.
        seconds: time that training may take.
        epochs: as many images are shown as this many times all of them.
    """
    batch_size, peak = 32, 3e-3
    # Редкие классы встречаются чаще, но не вровень с частыми
    weights = labels.bincount().float().rsqrt()[labels]
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
    network.train()
    start, steps, progress = time.perf_counter(), 0, 0.0
    while progress < 1:
        for group in optimizer.param_groups:
            group["lr"] = peak * one_cycle(progress)
        batch = torch.multinomial(weights, batch_size, replacement=True)
        x, y = augmented(images[batch].to(device)), labels[batch].to(device)
        loss = F.cross_entropy(network(x), y, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
        # Обучение идёт по часам: на медленной машине шагов меньше, но скорость обучения всё равно успеет дойти до нуля
        progress = max((time.perf_counter() - start) / seconds, steps * batch_size / (epochs * len(images)))
        if steps % 100 == 0:
            print(f"{progress:.0%}: {steps} шагов / steps, loss {loss.item():.3f}")
### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task1_predict", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Напишите / write predict(network, paths): files of N pictures -> names of their characters, a list of N strings
### BEGIN SOLUTION
def predict(network, paths):
    """Names of the characters on pictures, in the order of their files; the network is trained already."""
    # Каналы подряд в памяти: на процессоре свёртки считаются на треть быстрее, а ответы те же
    network.eval().to(memory_format=torch.channels_last)
    with torch.no_grad():
        # Среднее по картинке и её отражению немного точнее одной картинки
        logits = [network(x.to(device)) + network(x.flip(3).to(device)) for x in read_images(paths).split(256)]
    return [classes[index] for index in torch.cat(logits).argmax(dim=1).tolist()]
### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task1_submission", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["training"]
# Обучите сеть и запишите submission.csv / train the network and write submission.csv
### BEGIN SOLUTION
torch.manual_seed(0)
network = SpringfieldNet(len(classes)).to(device)
train(network, train_images, train_labels, TRAIN_SECONDS)

submission = pd.DataFrame({"Id": [path.name for path in test_paths], "Expected": predict(network, test_paths)})
submission.to_csv("submission.csv", index=False)
### END SOLUTION

# %% [markdown] tags=["lang-ru"]
# ### Проверка файла
#
# Ячейка проверяет формат. Баллы за F1 появятся после сдачи.

# %% [markdown] tags=["lang-en"]
# ### Check of the file
#
# The cell checks the format. The points for F1 appear after you hand the notebook in.

# %% tags=["training"]
def check_submission(path="submission.csv"):
    """Say what is wrong with the file, or that nothing is."""
    if not Path(path).exists():
        return f"нет файла {path} / there is no file {path}"
    table = pd.read_csv(path)
    if list(table.columns) != ["Id", "Expected"]:
        return f"столбцы / columns: {list(table.columns)}, нужны / expected: ['Id', 'Expected']"
    expected = {image.name for image in test_paths}
    found = set(table["Id"])
    if found != expected:
        missing, unknown = sorted(expected - found)[:3], sorted(map(str, found - expected))[:3]
        return f"нет строк для / no rows for: {missing}; лишние / superfluous: {unknown}"
    if table["Id"].duplicated().any():
        return f"повторяются / repeated: {list(table['Id'][table['Id'].duplicated()][:3])}"
    unknown = sorted(map(str, set(table["Expected"]) - set(classes)))
    if unknown:
        return f"нет таких персонажей / no such characters: {unknown[:3]}; пример имени / a name is, for example: {classes[0]}"
    return f"формат верный / the format is right: {len(table)}"


print(check_submission())

# %% [markdown] tags=["lang-ru"]
# А теперь посмотрите, что отвечает ваша сеть: вот четырнадцать тестовых картинок и имена из `submission.csv`.

# %% [markdown] tags=["lang-en"]
# And now see what your network says: here are fourteen test pictures and their names in `submission.csv`.

# %% tags=["training"]
if check_submission().startswith("формат верный"):
    answers = pd.read_csv("submission.csv").set_index("Id")["Expected"]
    sheet(test_images[:14], [answers[path.name] for path in test_paths[:14]])

# %% nbgrader={"grade": true, "grade_id": "task1_contest_score", "locked": true, "points": 15, "schema_version": 3, "solution": false, "task": false}
# F1 на тестовых картинках / F1 on the test pictures (15 баллов / 15 points)
### BEGIN HIDDEN TESTS
from grader.checks import contest_points
contest_points("submission.csv")
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 2. Подумайте (3 балла)
#
# Ответьте на каждый вопрос коротко, в 3–5 предложениях.
#
# ### Редкие персонажи (1 балл)
#
# Сеть никогда не называет десять самых редких персонажей, а остальных узнаёт хорошо. Что покажет micro F1 и что покажет macro
# F1 — среднее F1 по всем персонажам? Какая из метрик честнее, если нам важен каждый персонаж, и что тогда стоит изменить в
# обучении?

# %% [markdown] tags=["lang-en"]
# ## Task 2. Think (3 points)
#
# Answer each question briefly, in 3 to 5 sentences.
#
# ### Rare characters (1 point)
#
# A network never names the ten rarest characters and recognises the others well. What does micro F1 show, and what macro F1, the
# mean of F1 over all characters? Which of the two is fairer if every character matters, and what would you change in training
# then?

# %% [markdown] nbgrader={"grade": true, "grade_id": "task2_rare", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Micro F1 почти не изменится: редких картинок мало, и ошибки на них — малая доля всех ответов. В macro F1 у каждого персонажа
# равный вес, и десять нулей из 42 отнимут почти четверть. Если важен каждый, честнее macro. Тогда редких надо чаще показывать
# (выбирать картинки с весами), давать их ошибкам больший вес в функции потерь и сильнее менять их картинки аугментациями.
#
# Micro F1 hardly changes: rare pictures are few, and mistakes on them are a small part of all answers. In macro F1 every
# character weighs the same, and ten zeros of 42 take nearly a quarter away. If every character matters, macro is fairer. Then
# rare ones have to be shown more often (pictures drawn with weights), their mistakes weigh more in the loss, and their pictures
# be augmented more.

# %% [markdown] tags=["lang-ru"]
# ### Таблица лидеров (1 балл)
#
# Можно выбирать сеть по отложенным картинкам, а можно сдать сто вариантов и оставить тот, который выше всех в таблице лидеров.
# Чем второй способ плох, даже если никто не жульничает? Почему лучший из ста результатов, скорее всего, выше, чем сеть
# заслуживает?

# %% [markdown] tags=["lang-en"]
# ### The leaderboard (1 point)
#
# One can choose a network by pictures set aside, or hand in a hundred versions and keep the one that is highest on the
# leaderboard. What is wrong with the second way, even if nobody cheats? Why is the best of a hundred results probably better
# than the network deserves?

# %% [markdown] nbgrader={"grade": true, "grade_id": "task2_leaderboard", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Результат на конечном числе картинок — это настоящее качество плюс случайность. Выбирая лучший из ста, мы выбираем и удачу: так
# сеть подстраивается под тестовые картинки, хотя не видела ответов. На новых картинках удача не повторится, и результат будет
# ниже. Отложенные картинки дают оценку до сдачи, а тестовые остаются нетронутыми и говорят правду.
#
# A result on a finite number of pictures is the true quality plus chance. Whoever chooses the best of a hundred chooses luck
# too: the network adapts to the test pictures although it has not seen their answers. On new pictures the luck does not come
# back and the result is lower. Pictures set aside give an estimate before handing in, and the test stays untouched and tells
# the truth.

# %% [markdown] tags=["lang-ru"]
# ### Где сеть ошибается (1 балл)
#
# Обучите сеть только на `kept` и посмотрите на отложенные картинки, на которых она ошиблась (их можно показать функцией
# `sheet`). Каких персонажей она путает чаще всего и почему? Что вы изменили бы в первую очередь: данные, аугментации,
# архитектуру или обучение? Назовите что-то одно и объясните свой выбор.

# %% [markdown] tags=["lang-en"]
# ### Where the network is wrong (1 point)
#
# Train your network on `kept` only, and look at the pictures set aside on which it is wrong (the function `sheet` can show
# them). Which characters does it confuse most often, and why? What would you change first: data, augmentation, architecture or
# training? Name one thing, and explain your choice.

# %% [markdown] nbgrader={"grade": true, "grade_id": "task2_mistakes", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Ответ зависит от сети. Хороший ответ называет пары персонажей (например, похожих цветом и причёской или часто стоящих рядом в
# одном кадре), объясняет путаницу тем, что видно на картинках, и предлагает изменение, которое бьёт именно по этой причине:
# больше картинок редкого персонажа, вырезание лица, более крупные картинки, более долгое обучение.
#
# The answer depends on the network. A good one names pairs of characters (alike in colour and hair, say, or often in one frame),
# explains the confusion by what the pictures show, and proposes a change aimed at that cause: more pictures of the rare
# character, cutting out the face, larger pictures, longer training.

# %% [markdown] tags=["lang-ru"]
# ## Сеть с весами
#
# Если учитель просит сдать саму сеть, сдайте два файла: эту тетрадь и веса `network.pth`, которые записывает ячейка ниже. При
# проверке сеть не учится: ячейки с меткой `training` пропускаются, `SpringfieldNet(len(classes))` получает ваши веса, а имена
# называет `predict`. Поэтому всё, что нужно для `predict`, держите в ячейках без этой метки, а обучение — в ячейке, которая пишет
# `submission.csv`: у неё метка уже есть. (Своей ячейке метку ставят в JupyterLab: шестерёнка справа вверху, «Cell Tags».)
# Ячейка ниже сразу проверяет, что веса читаются и подходят к сети.

# %% [markdown] tags=["lang-en"]
# ## The network with its weights
#
# Where your teacher asks for the network itself, hand in two files: this notebook, and the weights `network.pth` that the cell
# below saves. Grading then trains nothing: cells with the tag `training` are left out, `SpringfieldNet(len(classes))` gets your
# weights, and `predict` says the names. So keep all that `predict` needs in cells without that tag, and train in the cell that
# writes `submission.csv`, which has the tag already. (JupyterLab gives the tag to a cell of yours: the gear at the top right,
# "Cell Tags".) The cell also checks that the weights can be read and fit the network.

# %% tags=["training"]
def save_network(path="network.pth"):
    """Save the weights of `network`, read them again, and say whether they give the same names."""
    if not isinstance(globals().get("network"), nn.Module):
        return "нет обученной сети network / there is no trained `network`"
    torch.save(network.state_dict(), path)
    again = SpringfieldNet(len(classes)).to(device)
    again.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    some = test_paths[:64]
    if predict(again, some) != predict(network, some):
        return "с прочитанными весами имена другие / the weights that were read give other names"
    return f"веса записаны и подходят / the weights are saved and fit: {path}, {Path(path).stat().st_size / 2**20:.1f} MiB"


print(save_network())

# %% [markdown] tags=["lang-ru"]
# ## Что почитать дальше
#
# - [msu.ai/l09_cnn_architectures](https://msu.ai/l09_cnn_architectures) — лекция об архитектурах свёрточных нейросетей, подробнее,
#   чем на уроке;
# - [habr.com/ru/post/511372](https://habr.com/ru/post/511372) — статья о том же на Хабре;
# - [python-school.ru](https://python-school.ru) — о том, как устроена свёрточная нейросеть (convolutional neural network) и как писать
#   её на Python.

# %% [markdown] tags=["lang-en"]
# ## Further reading
#
# All three are in Russian:
#
# - [msu.ai/l09_cnn_architectures](https://msu.ai/l09_cnn_architectures), a lecture on architectures of convolutional networks, in
#   more detail than the lesson;
# - [habr.com/ru/post/511372](https://habr.com/ru/post/511372), an article on the same subject;
# - [python-school.ru](https://python-school.ru), on how a convolutional neural network works and how to write one in Python.

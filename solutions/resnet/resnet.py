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
# # ResNet: сеть, которой не страшна глубина
#
# В этой тетради вы соберёте ResNet-18 своими руками: сначала один блок, потом стадию из нескольких блоков, потом всю сеть.
#
# **Вы научитесь**
# - объяснять, зачем в сети обходной путь и почему без него глубокие сети учатся хуже мелких;
# - писать остаточный блок так, чтобы он умел менять размер картинки и число каналов;
# - собирать из блоков большую сеть и проверять себя по формам тензоров и числу параметров.
#
# | Задача | Баллы |
# |---|---|
# | 1. Остаточный блок | 10 |
# | 2. Стадия | 4 |
# | 3. ResNet | 4 |
# | 4. Вопрос для размышления (проверяет учитель) | 2 |
# | **Всего** | **20** |
#
# Пишите код только там, где стоит `# YOUR CODE HERE`. Проверки сравнивают, *что считает* ваш модуль, а не то, как он
# написан: имена слоёв, их порядок и стиль выбирайте сами.

# %% [markdown] tags=["lang-en"]
# # ResNet: a network that does not fear depth
#
# In this notebook you build ResNet-18 with your own hands: first one block, then a stage of several blocks, then the whole
# network.
#
# **You will learn**
# - to explain why a network needs a way around its layers, and why deep networks without it train worse than shallow ones;
# - to write a residual block that can change the size of the picture and the number of channels;
# - to build a large network out of blocks, and to check yourself by shapes and numbers of parameters.
#
# | Task | Points |
# |---|---|
# | 1. Residual block | 10 |
# | 2. Stage | 4 |
# | 3. ResNet | 4 |
# | 4. A question to think about (graded by the teacher) | 2 |
# | **Total** | **20** |
#
# Write code only where it says `# YOUR CODE HERE`. The checks compare *what your module computes*, not how it is written:
# the names of the layers, their order and the style are yours.

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn


# %% [markdown] tags=["lang-ru"]
# ## Остаточный блок
#
# В 2015 году авторы ResNet заметили странную вещь: обычная сеть из 56 слоёв ошибалась чаще сети из 20 слоёв, причём
# **даже на обучающей выборке**. Значит, дело не в переобучении: глубокую сеть просто трудно обучить. А ведь она могла бы
# повторить мелкую, если бы лишние слои научились ничего не делать, то есть возвращать свой вход.
#
# Идея ResNet: дадим слоям готовый «провод», по которому вход проходит без изменений, а сами слои пусть учат только
# **поправку** $F(x)$:
#
# $$y = \mathrm{ReLU}\big(F(x) + x\big)$$
#
# Чтобы ничего не делать, блоку теперь достаточно $F(x) = 0$, а этому научиться легко. И градиент при обратном проходе идёт
# по проводу напрямую, не затухая в свёртках.
#
# Слева на рисунке обычный блок, справа блок, который меняет форму тензора. Складывать можно только тензоры одинаковой
# формы, поэтому справа на проводе стоит свёртка 1×1 с тем же шагом (stride) и BatchNorm.

# %% [markdown] tags=["lang-en"]
# ## The residual block
#
# In 2015 the authors of ResNet noticed something strange: a plain network of 56 layers made more mistakes than one of 20,
# **even on the training set**. So overfitting is not to blame: a deep network is simply hard to train. And yet it could
# repeat the shallow one, if only the extra layers learned to do nothing, that is, to return their input.
#
# The idea of ResNet: give the layers a ready-made wire along which the input passes unchanged, and let them learn only the
# **correction** $F(x)$:
#
# $$y = \mathrm{ReLU}\big(F(x) + x\big)$$
#
# To do nothing, a block now needs $F(x) = 0$, and that is easy to learn. In the backward pass the gradient flows
# along the wire directly, without fading in the convolutions.
#
# On the left of the picture is the ordinary block, on the right a block that changes the shape of the tensor. Only tensors
# of the same shape can be added, so the wire on the right carries a 1×1 convolution with the same stride and a BatchNorm.

# %%
def draw_block(ax, title, branch, shortcut):
    """Draw a residual block: the branch goes down, the shortcut goes around it."""
    ax.set_title(title)
    ax.axis("off")
    ax.set_xlim(-1.6, 3.4)
    ax.set_ylim(-8.4, 0.8)
    box = {"boxstyle": "round,pad=0.4", "facecolor": "#fff3b0", "edgecolor": "#555555"}
    arrow = {"arrowstyle": "-|>", "color": "#555555"}
    steps = ["x", *branch, "+", "ReLU"]
    for row, step in enumerate(steps):
        ax.text(0, -row, step, ha="center", va="center", bbox=box)
        if row:
            ax.annotate("", (0, -row + 0.32), (0, -row + 0.68), arrowprops=arrow)
    bottom = -len(steps) + 2
    ax.plot([0.4, 2.2, 2.2], [0, 0, bottom], color="#2a6fbb")
    ax.annotate("", (0.4, bottom), (2.2, bottom), arrowprops={"arrowstyle": "-|>", "color": "#2a6fbb"})
    ax.text(2.2, bottom / 2, shortcut, ha="center", va="center", bbox={**box, "facecolor": "#cfe3f7"})


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 5.5))
draw_block(left, "stride = 1", ["conv 3×3", "BatchNorm", "ReLU", "conv 3×3", "BatchNorm"], "x")
draw_block(
    right, "stride = 2", ["conv 3×3, stride 2", "BatchNorm", "ReLU", "conv 3×3", "BatchNorm"], "conv 1×1, stride 2\nBatchNorm"
)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Остаточный блок (10 баллов)
#
# Напишите класс `BasicBlock(in_channels, out_channels, stride=1)` — блок из статьи
# [He et al., 2015](https://arxiv.org/abs/1512.03385), рисунок 2.
#
# - **Ветвь** $F(x)$: свёртка 3×3 → BatchNorm → ReLU → свёртка 3×3 → BatchNorm. У обеих свёрток `padding=1`; шаг `stride` —
#   только у первой.
# - **Провод**: если ни размер картинки, ни число каналов не меняются, то это сам вход. Если меняется хоть что-то одно
#   (`stride != 1` **или** `in_channels != out_channels`), то это свёртка 1×1 с шагом `stride` и BatchNorm за ней.
# - **Выход**: ReLU от суммы ветви и провода.
#
# Смещение (`bias`) в свёртке перед BatchNorm ничего не меняет: BatchNorm вычтет его вместе со средним. Обычно пишут
# `bias=False`, но принимаются оба варианта.
#
# <details><summary>Подсказка 1</summary>Запомните вход в отдельной переменной <b>до</b> первой свёртки.</details>
# <details><summary>Подсказка 2</summary>Проверьте четыре случая: меняется шаг, меняются каналы, и то и другое, ничего.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 1. The residual block (10 points)
#
# Write a class `BasicBlock(in_channels, out_channels, stride=1)`, the block of
# [He et al., 2015](https://arxiv.org/abs/1512.03385), figure 2.
#
# - **Branch** $F(x)$: convolution 3×3 → BatchNorm → ReLU → convolution 3×3 → BatchNorm. Both convolutions have `padding=1`;
#   only the first has the `stride`.
# - **Wire**: the input itself, if neither the size of the picture nor the number of channels changes. If at least one of
#   them does (`stride != 1` **or** `in_channels != out_channels`), a 1×1 convolution with that `stride`, and a BatchNorm.
# - **Output**: ReLU of the sum of branch and wire.
#
# A `bias` in a convolution before BatchNorm changes nothing: BatchNorm subtracts it together with the mean. People usually
# write `bias=False`, but both are accepted.
#
# <details><summary>Hint 1</summary>Keep the input in a variable of its own <b>before</b> the first convolution.</details>
# <details><summary>Hint 2</summary>Try four cases: the stride changes, the channels change, both do, none does.</details>

# %% nbgrader={"grade": false, "grade_id": "task1_basic_block", "locked": false, "schema_version": 3, "solution": true, "task": false}
class BasicBlock(nn.Module):
    """Residual block of ResNet-18 and ResNet-34 (He et al. 2015, figure 2).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        stride: the output is this many times smaller in height and width.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        branch = F.relu(self.bn1(self.conv1(x)))
        branch = self.bn2(self.conv2(branch))
        return F.relu(branch + self.shortcut(x))
        ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# ### Проверки задачи 1
#
# Видимую часть каждой проверки можно запустить и поправить код сразу. Скрытая часть выполнится, когда вы сдадите тетрадь.

# %% [markdown] tags=["lang-en"]
# ### Checks of task 1
#
# Run the visible part of each check and correct your code at once. The hidden part runs after you hand the notebook in.

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_shape", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Форма выхода (2 балла)
x = torch.randn(2, 16, 18, 18)
output = BasicBlock(16, 32, stride=2)(x)
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.shape == (2, 32, 9, 9), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 32, 9, 9)"
### BEGIN HIDDEN TESTS
from grader.checks import output_has_shape

output_has_shape(BasicBlock(12, 12), torch.randn(2, 12, 18, 18), shape=(2, 12, 18, 18))
output_has_shape(BasicBlock(12, 20), torch.randn(2, 12, 18, 18), shape=(2, 20, 18, 18))
output_has_shape(BasicBlock(12, 12, stride=2), torch.randn(2, 12, 18, 18), shape=(2, 12, 9, 9))
output_has_shape(BasicBlock(12, 20, stride=2), torch.randn(2, 12, 17, 11), shape=(2, 20, 9, 6))
output_has_shape(BasicBlock(12, 20, stride=3), torch.randn(1, 12, 30, 30), shape=(1, 20, 10, 10))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_identity", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Блок, который не меняет форму (3 балла)
output = BasicBlock(16, 16)(torch.randn(2, 16, 18, 18))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.min() >= 0, "последняя операция блока - ReLU / the last operation of the block is ReLU"
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.residual import basic_block, basic_block_mistakes

same_function(
    BasicBlock(16, 16),
    basic_block(16, 16),
    torch.randn(4, 16, 12, 12),
    suspects=basic_block_mistakes(16, 16),
    gradients=False,
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_projection", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Блок, который меняет форму (3 балла)
output = BasicBlock(16, 32, stride=2)(torch.randn(2, 16, 18, 18))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.min() >= 0, "последняя операция блока - ReLU / the last operation of the block is ReLU"
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.residual import basic_block, basic_block_mistakes

for sizes in [(12, 20, 2), (12, 12, 2), (12, 20, 1)]:
    same_function(
        BasicBlock(*sizes),
        basic_block(*sizes),
        torch.randn(4, 12, 18, 18),
        suspects=basic_block_mistakes(*sizes),
        gradients=False,
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_gradients", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Градиенты (2 балла)
block = BasicBlock(16, 32, stride=2)
block(torch.randn(2, 16, 18, 18)).sum().backward()
unreached = [name for name, parameter in block.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, gradients_match, gradients_reach_every_parameter
from grader.checks.residual import basic_block, basic_block_mistakes

for sizes in [(16, 16, 1), (16, 24, 2)]:
    x = torch.randn(4, 16, 18, 18)
    does_not_change_its_input(BasicBlock(*sizes), x)
    gradients_reach_every_parameter(BasicBlock(*sizes), x)
    gradients_match(BasicBlock(*sizes), basic_block(*sizes), x, suspects=basic_block_mistakes(*sizes))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 2. Стадия (4 балла)
#
# ResNet состоит из четырёх **стадий**. Внутри стадии размер картинки и число каналов постоянны, меняет их только первый блок.
#
# Напишите функцию `make_stage(block, in_channels, out_channels, depth, stride=1)`. Она возвращает `nn.Sequential` из `depth`
# блоков: первый переводит `in_channels` в `out_channels` с шагом `stride`, остальные оставляют форму как есть.
# `block` — это класс блока, например ваш `BasicBlock`; вызывайте его как `block(in_channels, out_channels, stride)`.

# %% [markdown] tags=["lang-en"]
# ## Task 2. The stage (4 points)
#
# ResNet consists of four **stages**. Within a stage the size of the picture and the number of channels stay the same; only the
# first block changes them.
#
# Write a function `make_stage(block, in_channels, out_channels, depth, stride=1)`. It returns an `nn.Sequential` of `depth`
# blocks: the first turns `in_channels` into `out_channels` with the given `stride`, the others leave the shape as it is.
# `block` is the class of the block, for example your `BasicBlock`; call it as `block(in_channels, out_channels, stride)`.

# %% nbgrader={"grade": false, "grade_id": "task2_make_stage", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_stage(block, in_channels, out_channels, depth, stride=1):
    """A row of blocks, of which the first changes the shape (He et al. 2015, table 1).

    Args:
        block: class of the blocks, called as `block(in_channels, out_channels, stride)`.
        in_channels: channels of the stage's input.
        out_channels: channels of its output.
        depth: number of blocks, at least 1.
        stride: stride of the first block.

    Returns:
        nn.Sequential: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """
    ### BEGIN SOLUTION
    blocks = [block(in_channels, out_channels, stride)]
    blocks += [block(out_channels, out_channels, 1) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task2_make_stage_blocks", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Стадия из простых блоков: эта проверка не зависит от вашего BasicBlock (4 балла)
class ProbeBlock(nn.Module):
    """A convolution and ReLU."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)

    def forward(self, x):
        return F.relu(self.conv(x))


def stage_of_probes(in_channels, out_channels, depth, stride=1):
    """Your stage, made of ProbeBlock."""
    return make_stage(ProbeBlock, in_channels, out_channels, depth, stride)


output = stage_of_probes(6, 10, 3, 2)(torch.randn(2, 6, 16, 16))
assert output.shape == (2, 10, 8, 8), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 10, 8, 8)"
### BEGIN HIDDEN TESTS
from grader.checks import output_has_shape, same_function

for depth, stride in [(1, 2), (3, 2), (4, 1)]:
    layers = [nn.Conv2d(6, 10, 3, stride=stride, padding=1), nn.ReLU()]
    for _index in range(depth - 1):
        layers += [nn.Conv2d(10, 10, 3, padding=1), nn.ReLU()]
    x = torch.randn(2, 6, 18, 18)
    output_has_shape(stage_of_probes(6, 10, depth, stride), x, shape=(2, 10, 18 // stride, 18 // stride))
    same_function(stage_of_probes(6, 10, depth, stride), nn.Sequential(*layers), x)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 3. ResNet (4 балла)
#
# Соберите сеть `ResNet(depths, num_classes=1000, width=64)` из `BasicBlock` и `make_stage` (статья, таблица 1):
#
# 1. вход: свёртка 7×7 из 3 каналов в `width`, шаг 2, `padding=3` → BatchNorm → ReLU → MaxPool 3×3, шаг 2, `padding=1`;
# 2. четыре стадии глубины `depths[0]`, ..., `depths[3]` с числом каналов `width`, `2·width`, `4·width`, `8·width`;
#    шаг у первой стадии 1, у остальных 2;
# 3. среднее по всей картинке (`nn.AdaptiveAvgPool2d(1)`) и линейный слой в `num_classes` чисел.
#
# Softmax в конце не нужен: функция потерь `nn.CrossEntropyLoss` применяет его сама. Если всё верно, то у ResNet-18
# (`depths = [2, 2, 2, 2]`, 1000 классов, свёртки без смещений) ровно **11 689 512** параметров.

# %% [markdown] tags=["lang-en"]
# ## Task 3. ResNet (4 points)
#
# Build the network `ResNet(depths, num_classes=1000, width=64)` from `BasicBlock` and `make_stage` (the paper's table 1):
#
# 1. the stem: convolution 7×7 from 3 channels to `width`, stride 2, `padding=3` → BatchNorm → ReLU → MaxPool 3×3, stride 2,
#    `padding=1`;
# 2. four stages of depth `depths[0]`, ..., `depths[3]` with `width`, `2·width`, `4·width`, `8·width` channels; the first stage
#    has stride 1, the others stride 2;
# 3. the mean over the whole picture (`nn.AdaptiveAvgPool2d(1)`) and a linear layer to `num_classes` numbers.
#
# No softmax at the end: the loss `nn.CrossEntropyLoss` applies it by itself. If all is right, ResNet-18
# (`depths = [2, 2, 2, 2]`, 1000 classes, convolutions without bias) has exactly **11,689,512** parameters.

# %% nbgrader={"grade": false, "grade_id": "task3_resnet", "locked": false, "schema_version": 3, "solution": true, "task": false}
class ResNet(nn.Module):
    """ResNet with basic blocks (He et al. 2015, table 1).

    Args:
        depths: number of blocks in each of the four stages; ResNet-18 has [2, 2, 2, 2].
        num_classes: number of classes K.
        width: channels of the first stage.

    Shape:
        (N, 3, H, W) -> logits (N, num_classes)
    """

    def __init__(self, depths, num_classes=1000, width=64):
        super().__init__()
        ### BEGIN SOLUTION
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        stages, channels = [], width
        for index, depth in enumerate(depths):
            out_channels = width * 2**index
            stages.append(make_stage(BasicBlock, channels, out_channels, depth, stride=1 if index == 0 else 2))
            channels = out_channels
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        features = self.stages(self.stem(x))
        return self.classifier(self.pool(features).flatten(1))
        ### END SOLUTION


# %%
# Сравните с числом из условия
resnet18 = ResNet([2, 2, 2, 2])
logits = resnet18(torch.randn(2, 3, 64, 64))
print(f"{sum(parameter.numel() for parameter in resnet18.parameters()):,}")

# %% nbgrader={"grade": true, "grade_id": "task3_resnet_parameters", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Число параметров (1 балл)
assert isinstance(ResNet([1, 1, 1, 1], 10, 8), nn.Module), "ResNet - наследник nn.Module / ResNet inherits from nn.Module"
### BEGIN HIDDEN TESTS
from grader.checks import parameter_count
from grader.checks.residual_network import resnet

# ResNet-18 at a quarter of its width: the same layers, a sixteenth of the numbers.
expected = sum(parameter.numel() for parameter in resnet([2, 2, 2, 2], 1000, width=16).parameters())
parameter_count(ResNet([2, 2, 2, 2], 1000, width=16), expected, torch.randn(1, 3, 64, 64), conv_biases=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_resnet_function", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Вся сеть (3 балла)
logits = ResNet([1, 1, 1, 1], num_classes=10, width=8)(torch.randn(2, 3, 64, 64))
assert logits.shape == (2, 10), f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (2, 10)"
### BEGIN HIDDEN TESTS
from grader.checks import gradients_reach_every_parameter, output_has_shape, same_function
from grader.checks.residual_network import resnet, resnet_mistakes

output_has_shape(ResNet([1, 1, 1, 1], 7, 8), torch.randn(1, 3, 96, 64), shape=(1, 7))
x = torch.randn(4, 3, 64, 64)
gradients_reach_every_parameter(ResNet([1, 2, 1, 1], 7, 8), x)
same_function(ResNet([1, 2, 1, 1], 7, 8), resnet([1, 2, 1, 1], 7, 8), x, suspects=resnet_mistakes([1, 2, 1, 1], 7, 8))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 4. Подумайте (2 балла)
#
# Представьте, что из вашей ResNet-18 убрали все провода, а остальное оставили. Что станет с градиентом в первых слоях, если
# сеть сделать очень глубокой, и почему? Объясните с помощью формулы для производной $y = F(x) + x$ (3–5 предложений).

# %% [markdown] tags=["lang-en"]
# ## Task 4. Think (2 points)
#
# Imagine that all wires are removed from your ResNet-18 and the rest is kept. What happens to the gradient in the first layers
# when the network gets very deep, and why? Explain with the formula for the derivative of $y = F(x) + x$ (3 to 5 sentences).

# %% [markdown] nbgrader={"grade": true, "grade_id": "task4_discussion", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Градиент в первых слоях — произведение производных всех следующих слоёв. Без проводов множители равны $F'(x)$; если они
# меньше единицы, произведение убывает с глубиной как показательная функция, и первые слои почти не учатся (а если больше —
# взрывается). С проводом производная блока равна $F'(x) + 1$: раскрыв скобки, получим слагаемое 1, которое от глубины не
# зависит. Поэтому часть градиента доходит до первых слоёв неослабленной.
#
# The gradient in the first layers is a product of the derivatives of all later layers. Without wires the factors are $F'(x)$:
# if they are below one, the product decays exponentially with depth (above one, it explodes). With a wire the derivative of a
# block is $F'(x) + 1$; expanding the product gives a term 1 that does not depend on depth, so part of the gradient reaches the
# first layers undiminished.

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
# В этой тетради вы соберёте своими руками целое семейство сетей, от ResNet-18 до ResNet-152: сначала один блок, потом стадию
# из нескольких блоков, потом всю сеть, а под конец блок подешевле, из которого строят самые глубокие сети.
#
# **Вы научитесь**
# - объяснять, зачем в сети обходной путь и почему без него глубокие сети учатся хуже мелких;
# - писать остаточные блоки двух видов, BasicBlock и Bottleneck, так, чтобы они умели менять размер картинки и число каналов;
# - собирать из блоков большую сеть по таблице и проверять себя по формам тензоров и числу параметров.
#
# | Задача | Баллы |
# |---|---|
# | 1. Остаточный блок | 6 |
# | 2. Стадия | 2 |
# | 3. ResNet | 3 |
# | 4. Bottleneck: блок с узким горлышком | 4 |
# | 5. Семейство ResNet | 2 |
# | 6. Вопросы для размышления (проверяет учитель) | 3 |
# | **Всего** | **20** |
#
# Пишите код только там, где стоит `# YOUR CODE HERE`. Проверки сравнивают, *что считает* ваш модуль, а не то, как он
# написан: имена слоёв, их порядок и стиль выбирайте сами.

# %% [markdown] tags=["lang-en"]
# # ResNet: a network that does not fear depth
#
# In this notebook you build a whole family of networks with your own hands, from ResNet-18 to ResNet-152: first one block, then
# a stage of several blocks, then the whole network, and in the end a cheaper block, of which the deepest networks are made.
#
# **You will learn**
# - to explain why a network needs a way around its layers, and why deep networks without it train worse than shallow ones;
# - to write residual blocks of two kinds, BasicBlock and Bottleneck, that can change the size of the picture and the number of
#   channels;
# - to build a large network out of blocks by a table, and to check yourself by shapes and numbers of parameters.
#
# | Task | Points |
# |---|---|
# | 1. Residual block | 6 |
# | 2. Stage | 2 |
# | 3. ResNet | 3 |
# | 4. Bottleneck: a block with a narrow neck | 4 |
# | 5. The ResNet family | 2 |
# | 6. Questions to think about (graded by the teacher) | 3 |
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
# Почему блок «остаточный» (по-английски residual — то, что осталось)? Всё, что о картинке выяснил первый слой, проходит по проводу
# дальше. Слоям ветви незачем это повторять: им остаётся найти то, чего первый слой **ещё не сказал**. Это легче, чем учить всё
# заново, и потому сеть учится ещё лучше.
#
# Чтобы ничего не делать, блоку теперь достаточно $F(x) = 0$, а этому научиться легко. И градиент при обратном проходе идёт
# по проводу напрямую, не затухая в свёртках. В статьях такой провод называют обходным путём: *skip connection* или *shortcut*.
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
# Why "residual", that is, what is left? All that the first layer has found out about the picture goes on along the wire. The
# layers of the branch need not repeat it: what is left for them is what the first layer has **not said yet**. That is easier than
# to learn everything anew, so the network trains better still.
#
# To do nothing, a block now needs $F(x) = 0$, and that is easy to learn. In the backward pass the gradient flows
# along the wire directly, without fading in the convolutions. Papers and code call this wire a *skip connection* or *shortcut*.
#
# On the left of the picture is the ordinary block, on the right a block that changes the shape of the tensor. Only tensors
# of the same shape can be added, so the wire on the right carries a 1×1 convolution with the same stride and a BatchNorm.

# %%
def draw_block(ax, title, branch, shortcut):
    """Draw a residual block: the branch goes down, the shortcut goes around it."""
    steps = ["x", *branch, "+", "ReLU"]
    bottom = -len(steps) + 2
    ax.set_title(title)
    ax.axis("off")
    ax.set_xlim(-1.6, 3.4)
    ax.set_ylim(bottom - 1.6, 0.8)
    box = {"boxstyle": "round,pad=0.4", "facecolor": "#fff3b0", "edgecolor": "#555555"}
    arrow = {"arrowstyle": "-|>", "color": "#555555"}
    for row, step in enumerate(steps):
        ax.text(0, -row, step, ha="center", va="center", bbox=box)
        if row:
            ax.annotate("", (0, -row + 0.32), (0, -row + 0.68), arrowprops=arrow)
    ax.plot([0.4, 2.2, 2.2], [0, 0, bottom], color="#2a6fbb")
    ax.annotate("", (0.4, bottom), (2.2, bottom), arrowprops={"arrowstyle": "-|>", "color": "#2a6fbb"})
    ax.text(2.2, bottom / 2, shortcut, ha="center", va="center", bbox={**box, "facecolor": "#cfe3f7"})


# %% tags=["illustration"]
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 5.5))
draw_block(left, "stride = 1", ["conv 3×3", "BatchNorm", "ReLU", "conv 3×3", "BatchNorm"], "x")
draw_block(
    right, "stride = 2", ["conv 3×3, stride 2", "BatchNorm", "ReLU", "conv 3×3", "BatchNorm"], "conv 1×1, stride 2\nBatchNorm"
)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Остаточный блок (6 баллов)
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
# ## Task 1. The residual block (6 points)
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
# Запустите видимую часть каждой проверки: если что-то не так, вы увидите это сразу. Скрытая часть выполнится, когда вы сдадите
# тетрадь.

# %% [markdown] tags=["lang-en"]
# ### Checks of task 1
#
# Run the visible part of each check and correct your code at once. The hidden part runs after you hand the notebook in.

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
output = BasicBlock(16, 32, stride=2)(torch.randn(2, 16, 18, 18))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.shape == (2, 32, 9, 9), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 32, 9, 9)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, in_each, output_has_shape


def gives(sizes, x, shape):
    output_has_shape(BasicBlock(*sizes), x, shape=shape)


(side,), (height, width) = drawing.numbers(1, 12, 20), drawing.numbers(2, 11, 20, 3)
keeps = (20, 12), torch.randn(2, 20, side, side), (2, 12, side, side)
shrinks = (12, 12, 3), torch.randn(1, 12, height, width), (1, 12, height // 3 + 1, width // 3 + 1)
in_each([keeps, shrinks], gives)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_identity", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Блок, который не меняет форму / Block that keeps the shape (2 балла / 2 points)
block = BasicBlock(16, 16)
output = block(torch.randn(2, 16, 18, 18))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.min() >= 0, "последней операцией блока должен быть ReLU / the last operation of the block has to be ReLU"

# Обнулим все веса: тогда F(x) = 0, и остаётся один провод / all weights are zero: F(x) = 0, and only the wire is left
with torch.no_grad():
    for parameter in block.parameters():
        parameter.zero_()
x = torch.rand(2, 16, 18, 18)
assert torch.equal(block(x), x), "при F(x) = 0 блок должен вернуть свой вход / where F(x) = 0, the block has to return its input"
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.resnet.block import basic_block, basic_block_mistakes

same_function(
    BasicBlock(14, 14),
    basic_block(14, 14),
    torch.randn(4, 14, 12, 12),
    suspects=basic_block_mistakes(14, 14),
    gradients=False,
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_projection", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Блок, который меняет форму / Block that changes the shape (2 балла / 2 points)
output = BasicBlock(16, 32, stride=2)(torch.randn(2, 16, 18, 18))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.min() >= 0, "последней операцией блока должен быть ReLU / the last operation of the block has to be ReLU"
### BEGIN HIDDEN TESTS
from grader.checks import same_function_in_cases
from grader.checks.resnet.block import basic_block, basic_block_cases, basic_block_mistakes

same_function_in_cases(
    BasicBlock,
    basic_block,
    basic_block_cases(12, 20)[1:],
    lambda *sizes: torch.randn(4, 12, 14, 14),
    suspects=basic_block_mistakes,
    gradients=False,
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_basic_block_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты / Gradients (1 балл / 1 point)
block = BasicBlock(16, 32, stride=2)
output = block(torch.randn(2, 16, 18, 18))
try:
    output.sum().backward()
except RuntimeError as error:
    hint = "ищите inplace=True и += / look for inplace=True and +=" if "place" in str(error) else error
    raise AssertionError(f"backward не прошёл / backward failed: {hint}") from error
unreached = [name for name, parameter in block.named_parameters() if parameter.grad is None]
hint = "слой не вызван, или путь перекрыт / layer not called, or path cut: .detach(), .data, no_grad"
assert not unreached, f"до параметров не дошёл градиент / no gradient reaches: {unreached}; {hint}"
### BEGIN HIDDEN TESTS
from grader.checks import gradients_match, in_each
from grader.checks.resnet.block import basic_block, basic_block_mistakes


def match(*sizes):
    block, x = BasicBlock(*sizes), torch.randn(4, 14, 14, 14)
    gradients_match(block, basic_block(*sizes), x, suspects=basic_block_mistakes(*sizes), inputs_unchanged=True)


in_each([(14, 14, 1), (14, 22, 2)], match)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 2. Стадия (2 балла)
#
# ResNet состоит из четырёх **стадий**. Внутри стадии размер картинки и число каналов постоянны, меняет их только первый блок.
#
# Напишите функцию `make_stage(block, in_channels, out_channels, depth, stride=1)`. Она возвращает `nn.Sequential` из `depth`
# блоков: первый переводит `in_channels` в `out_channels` с шагом `stride`, остальные оставляют форму как есть.
# `block` — это класс блока, например ваш `BasicBlock`; вызывайте его как `block(in_channels, out_channels, stride)`.

# %% [markdown] tags=["lang-en"]
# ## Task 2. The stage (2 points)
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


# %% nbgrader={"grade": true, "grade_id": "task2_make_stage_blocks", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Стадия из простых блоков, без вашего BasicBlock / Stage of simple blocks, without your BasicBlock (2 балла / 2 points)
class ProbeBlock(nn.Module):
    """A convolution and ReLU."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)

    def forward(self, x):
        return F.relu(self.conv(x))


def stage_of_probes(*sizes):
    """Your stage, made of ProbeBlock."""
    return make_stage(ProbeBlock, *sizes)


stage = stage_of_probes(6, 10, 3, 2)
assert stage is not None, "make_stage ничего не вернула / make_stage returned nothing"
output = stage(torch.randn(2, 6, 16, 16))
assert output.shape == (2, 10, 8, 8), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 10, 8, 8)"
### BEGIN HIDDEN TESTS
from grader.checks import in_each, same_function
from grader.checks.resnet.network import stage_mistakes


def probe(in_channels, out_channels, stride=1):
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1), nn.ReLU())


def match(depth, *stride):
    sizes = (5, 9, depth, *stride)
    stage = nn.Sequential(probe(5, 9, *stride), *(probe(9, 9) for _index in range(depth - 1)))
    same_function(stage_of_probes(*sizes), stage, torch.randn(2, 5, 12, 12), suspects=stage_mistakes(probe, *sizes))


in_each([(3, 3), (1, 2), (4,)], match)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Схема ResNet-34
#
# Вот вся ResNet-34, от картинки до ответа. Каждый прямоугольник — слой, его высота показывает, какого размера карты. Цвет — это
# стадия: внутри неё все карты одного размера, поэтому их можно складывать. На границе цветов карты становятся **вдвое меньше**, а
# каналов **вдвое больше** (пометка «/2» значит шаг 2). Стрелки-дуги — обходные пути, каждая перешагивает через две свёртки.
# Пунктиром нарисованы те три, на которых форма меняется и на проводе стоит свёртка 1×1.
#
# Посчитайте слои: одна свёртка на входе, $2 \cdot (3 + 4 + 6 + 3) = 32$ в блоках и один линейный, всего 34. Бывают ResNet и из 18,
# 50, 101 и 152 слоёв. Схема у них та же, только в трёх самых глубоких блок состоит из трёх свёрток: до него мы дойдём в задаче 4.

# %% [markdown] tags=["lang-en"]
# ## The scheme of ResNet-34
#
# This is all of ResNet-34, from the picture to the answer. Each rectangle is a layer, its height shows how large the maps are. A
# colour is a stage: within it all maps have one size, so they can be added. Where the colour changes, the maps are **halved** and
# the channels **doubled** ("/2" means stride 2). The curved arrows are the skips, each steps over two convolutions. Dashed are
# the three on which the shape changes and the wire carries a 1×1 convolution.
#
# Count the layers: one convolution at the input, $2 \cdot (3 + 4 + 6 + 3) = 32$ in the blocks and a linear one, 34 in all. There
# are ResNets of 18, 50, 101 and 152 layers too. Their scheme is the same, but the blocks of the three deepest have three
# convolutions: we get to them in task 4.

# %% tags=["illustration"]
def draw_layer(ax, left, height, color, label=""):
    """Draw a layer as an upright rectangle, with its name inside."""
    ax.add_patch(plt.Rectangle((left, -height / 2), 0.62, height, facecolor=color, edgecolor="#555555", linewidth=0.8))
    ax.text(left + 0.31, 0, label, ha="center", va="center", rotation=90, fontsize=10)


def draw_skip(ax, left, right, height, is_projection):
    """Draw a skip over two layers."""
    style = "--" if is_projection else "-"
    wire = {"arrowstyle": "-|>", "color": "#c0392b", "linewidth": 1.3, "linestyle": style, "connectionstyle": "arc3,rad=-0.55"}
    ax.annotate("", (right, height / 2), (left, height / 2), arrowprops=wire)


figure, ax = plt.subplots(figsize=(12, 5), layout="constrained")
draw_layer(ax, 0, 5.2, "#dddddd", "conv 7×7, stride 2")
draw_layer(ax, 0.85, 4.6, "#dddddd", "max pool, stride 2")
ax.text(0.75, -2.95, "224 → 112\n→ 56", ha="center", va="top", fontsize=11)
left = 2.2
for depth, channels, side, color in [
    (3, 64, 56, "#f6cf7a"),
    (4, 128, 28, "#a5d0a1"),
    (6, 256, 14, "#9cc3e6"),
    (3, 512, 7, "#d7b5e0"),
]:
    start, height = left, 1.6 + 2.4 * (side / 56) ** 0.5
    for block in range(depth):
        for layer in range(2):
            is_halving = block == 0 and layer == 0 and channels > 64
            label = f"conv 3×3, {channels}" + (", /2" if is_halving else "")
            draw_layer(ax, left + 0.78 * layer, height, color, label if height > 2.5 else f"3×3, {channels}{', /2' * is_halving}")
        draw_skip(ax, left - 0.12, left + 1.52, height, is_projection=block == 0 and channels > 64)
        left += 1.7
    stage = f"{depth} × BasicBlock\n{channels} × {side}×{side}"
    ax.text((start + left) / 2 - 0.1, -2.95, stage, ha="center", va="top", fontsize=11)
    left += 0.25
draw_layer(ax, left, 1.5, "#dddddd", "avg pool")
draw_layer(ax, left + 0.85, 1.5, "#dddddd", "linear")
ax.text(left + 0.75, -2.95, "1000", ha="center", va="top", fontsize=11)
ax.set_xlim(-0.4, left + 1.9)
ax.set_ylim(-3.8, 3.2)
ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 3. ResNet (3 балла)
#
# Соберите сеть `ResNet(block, depths, num_classes=1000, width=64, expansion=1)` с помощью `make_stage` (статья, таблица 1):
#
# 1. вход (stem): свёртка 7×7 из 3 каналов в `width`, шаг 2, `padding=3` → BatchNorm → ReLU → MaxPool 3×3, шаг 2, `padding=1`;
# 2. четыре стадии из блоков `block` глубины `depths[0]`, ..., `depths[3]`. У первой стадии `width * expansion` каналов, у каждой
#    следующей вдвое больше, чем у предыдущей; шаг у первой стадии 1, у остальных 2;
# 3. среднее по всей картинке (`nn.AdaptiveAvgPool2d(1)`) и линейный слой в `num_classes` чисел.
#
# У сетей из BasicBlock `expansion` равно 1: стадии из 64, 128, 256 и 512 каналов. Другое значение пригодится в задаче 5.
#
# Softmax в конце не нужен: функция потерь `nn.CrossEntropyLoss` применяет его сама.

# %% [markdown] tags=["lang-en"]
# ## Task 3. ResNet (3 points)
#
# Build the network `ResNet(block, depths, num_classes=1000, width=64, expansion=1)` with the help of `make_stage` (the paper's
# table 1):
#
# 1. the stem: convolution 7×7 from 3 channels to `width`, stride 2, `padding=3` → BatchNorm → ReLU → MaxPool 3×3, stride 2,
#    `padding=1`;
# 2. four stages of blocks `block` of depth `depths[0]`, ..., `depths[3]`. The first stage has `width * expansion` channels, each
#    further one twice as many as the one before; the first stage has stride 1, the others stride 2;
# 3. the mean over the whole picture (`nn.AdaptiveAvgPool2d(1)`) and a linear layer to `num_classes` numbers.
#
# Networks of BasicBlock have an `expansion` of 1: stages of 64, 128, 256 and 512 channels. Task 5 will need another one.
#
# No softmax at the end: the loss `nn.CrossEntropyLoss` applies it by itself.

# %% nbgrader={"grade": false, "grade_id": "task3_resnet", "locked": false, "schema_version": 3, "solution": true, "task": false}
class ResNet(nn.Module):
    """ResNet (He et al. 2015, table 1).

    Args:
        block: class of the blocks, called as `block(in_channels, out_channels, stride)`.
        depths: number of blocks in each of the four stages; ResNet-18 has [2, 2, 2, 2].
        num_classes: number of classes K.
        width: channels of the stem.
        expansion: how many times wider the first stage is than the stem.

    Shape:
        (N, 3, H, W) -> logits (N, num_classes)
    """

    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
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
            out_channels = width * expansion * 2**index
            stages.append(make_stage(block, channels, out_channels, depth, stride=1 if index == 0 else 2))
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


# %% [markdown] tags=["lang-ru"]
# Сколько параметров у вашей ResNet-18? Если всё верно и свёртки без смещений, то ровно **11 689 512**.
#
# Считать их удобно на устройстве `"meta"`: у тензоров там есть форма, но нет чисел, поэтому даже огромная сеть создаётся
# мгновенно и не занимает памяти.

# %% [markdown] tags=["lang-en"]
# How many parameters does your ResNet-18 have? If all is right and the convolutions have no bias, exactly **11,689,512**.
#
# The device `"meta"` is handy for counting: tensors have a shape there and no numbers, so even a huge network is made in an
# instant and takes no memory.

# %% nbgrader={"grade": false, "grade_id": "count_parameters", "locked": true, "schema_version": 3, "solution": false, "task": false}
def parameters_of(net):
    """Parameters of a network, without biases of convolutions: BatchNorm takes those away again."""
    if any(isinstance(parameter, nn.UninitializedParameter) for parameter in net.parameters()):
        net.eval()(torch.zeros(1, 3, 64, 64))  # lazy layers learn their shapes
    total = 0
    for layer in net.modules():
        for name, parameter in layer.named_parameters(recurse=False):
            if not (name == "bias" and isinstance(layer, nn.Conv2d)):
                total += parameter.numel()
    return total


# %%
with torch.device("meta"):
    print(f"{parameters_of(ResNet(BasicBlock, [2, 2, 2, 2])):,}".replace(",", " "))


# %% nbgrader={"grade": true, "grade_id": "task3_resnet_parameters", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Число параметров сети из простых блоков / Number of parameters with simple blocks (1 балл / 1 point)
class PointBlock(nn.Module):
    """A 1×1 convolution and ReLU."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)

    def forward(self, x):
        return F.relu(self.conv(x))


def net_of_points(*settings):
    """Your network, made of PointBlock."""
    return ResNet(PointBlock, *settings)


def parameters_of_points(*settings):
    """Parameters of this network."""
    return parameters_of(net_of_points(*settings))


assert isinstance(net_of_points([1, 1, 1, 1], 10, 8), nn.Module), "класс ResNet должен наследовать nn.Module / the class ResNet has to inherit from nn.Module"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_parameter_count

# The stem and its norm, a convolution 1x1 for each of the blocks, and the last layer, all of the default width.
depths, widths = drawing.depths_of_network(4, most=3), [64, 64, 128, 256, 512]
stages = sum(widths[i] * widths[i + 1] + (depths[i] - 1) * widths[i + 1] ** 2 for i in range(4))
expected = 3 * 64 * 49 + 2 * 64 + stages + 512 * 1000 + 1000
same_parameter_count(parameters_of_points(depths), expected, name="ResNet")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_resnet_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Вся сеть из простых блоков, без вашего BasicBlock / The network of simple blocks, without your BasicBlock (2 балла / 2 points)
class ProbeBlock(nn.Module):
    """A convolution and ReLU."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)

    def forward(self, x):
        return F.relu(self.conv(x))


def net_of_probes(*settings):
    """Your network, made of ProbeBlock."""
    return ResNet(ProbeBlock, *settings)


logits = net_of_probes([1, 1, 1, 1], 10, 8)(torch.randn(2, 3, 64, 64))
assert logits.shape == (2, 10), f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (2, 10)"
### BEGIN HIDDEN TESTS
from grader.checks import output_has_shape, same_function
from grader.checks.resnet.pictures import blotches
from grader.checks.resnet.network import resnet, resnet_mistakes


def probe(in_channels, out_channels, stride):
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1), nn.ReLU())


# With few classes all logits are positive now and then, and a ReLU behind them does not show.
depths, sizes = [2, 1, 3, 1], {"num_classes": 11, "width": 4, "block": probe, "expansion": 3}
net = net_of_probes(depths, 11, 4, 3)
output_has_shape(net, torch.randn(1, 3, 64, 32), shape=(1, 11))
same_function(net, resnet(depths, **sizes), blotches(4, 48), suspects=resnet_mistakes(depths, **sizes))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 4. Bottleneck: блок с узким горлышком (4 балла)
#
# Свёртка 3×3 с 256 каналами на входе и на выходе — это $256 \cdot 256 \cdot 9 = 589\,824$ веса, и в BasicBlock таких свёрток
# две. Для сетей глубже 34 слоёв авторы придумали блок подешевле. Свёртка 1×1 **сжимает** 256 каналов до 64, свёртка 3×3
# работает с этими 64, и ещё одна свёртка 1×1 **возвращает** 256. Узкое место посередине похоже на горлышко бутылки, отсюда и
# название: bottleneck. Справа на рисунке видно, во сколько обходится каждый блок.

# %% [markdown] tags=["lang-en"]
# ## Task 4. Bottleneck: a block with a narrow neck (4 points)
#
# A 3×3 convolution with 256 channels in and 256 channels out has $256 \cdot 256 \cdot 9 = 589{,}824$ weights, and a BasicBlock
# has two of them. For networks of more than 34 layers the authors invented a cheaper block. A 1×1 convolution **squeezes** 256
# channels into 64, the 3×3 convolution works on these 64, and another 1×1 convolution **brings back** 256. The narrow place in
# the middle is like the neck of a bottle, hence the name. On the right of the picture you see what each block costs.

# %% tags=["illustration"]
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 6), width_ratios=(2, 3))
narrow = ["conv 1×1: 256 → 64", "BatchNorm, ReLU", "conv 3×3: 64 → 64", "BatchNorm, ReLU", "conv 1×1: 64 → 256", "BatchNorm"]
draw_block(left, "Bottleneck", narrow, "x")
weights = {
    "BasicBlock": [("conv 3×3", 256 * 256 * 9), ("conv 3×3", 256 * 256 * 9)],
    "Bottleneck": [("conv 1×1", 256 * 64), ("conv 3×3", 64 * 64 * 9), ("conv 1×1", 64 * 256)],
}
for name, layers in weights.items():
    start = 0
    for (layer, count), color in zip(layers, ["#9cc3e6", "#f6cf7a", "#a5d0a1"]):
        right.bar(name, count, bottom=start, color=color, edgecolor="white", width=0.5)
        if count > 100_000:
            right.text(name, start + count / 2, f"{layer}\n{count:,}".replace(",", " "), ha="center", va="center")
        start += count
    right.text(name, start + 15_000, f"{start:,}".replace(",", " "), ha="center", va="bottom", weight="bold")
right.set_title("веса свёрток / weights of convolutions: 256 → 256")
right.set_yticks([])
right.spines[["left", "top", "right"]].set_visible(False)
plt.show()


# %% [markdown] tags=["lang-ru"]
# Напишите класс `Bottleneck(in_channels, out_channels, stride=1)` (статья, рисунок 5 справа). Внутри блока
# `out_channels // 4` каналов; `out_channels` всегда делится на 4.
#
# - **Ветвь** $F(x)$: свёртка 1×1 → BatchNorm → ReLU → свёртка 3×3 с `padding=1` → BatchNorm → ReLU → свёртка 1×1 → BatchNorm.
# - **Шаг** `stride` — только у свёртки 3×3. (В статье он стоял в первой свёртке 1×1, но такая свёртка с шагом 2 просто
#   выбрасывает три четверти точек картинки. Вариант с шагом в 3×3 точнее; его называют ResNet v1.5, и он же стоит в
#   torchvision.)
# - **Провод** и **выход** такие же, как у BasicBlock.
#
# В torchvision второй аргумент блока — число каналов *внутри*, и на выходе их вчетверо больше. У нас `out_channels` — это то,
# что выходит из блока, поэтому ваша `make_stage` годится для обоих блоков.

# %% [markdown] tags=["lang-en"]
# Write a class `Bottleneck(in_channels, out_channels, stride=1)` (the paper's figure 5, right). Inside the block there are
# `out_channels // 4` channels; `out_channels` is always divisible by 4.
#
# - **Branch** $F(x)$: convolution 1×1 → BatchNorm → ReLU → convolution 3×3 with `padding=1` → BatchNorm → ReLU →
#   convolution 1×1 → BatchNorm.
# - **Stride**: only the 3×3 convolution has the `stride`. (In the paper it is in the first 1×1 convolution, but with stride 2
#   such a convolution simply throws three quarters of the picture's points away. With the stride in the 3×3 the network is more
#   accurate; this is called ResNet v1.5, and torchvision has it too.)
# - **Wire** and **output** are those of BasicBlock.
#
# In torchvision the second argument of the block is the number of channels *inside*, and four times as many come out. Here
# `out_channels` is what comes out of the block, so your `make_stage` works with both blocks.

# %% nbgrader={"grade": false, "grade_id": "task4_bottleneck", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Bottleneck(nn.Module):
    """Residual block of ResNet-50 and deeper (He et al. 2015, figure 5), with the stride in the 3x3 convolution.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output; a quarter of it inside.
        stride: stride of the 3x3 convolution and of the shortcut.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        narrow = out_channels // 4
        self.branch = nn.Sequential(
            nn.Conv2d(in_channels, narrow, 1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return F.relu(self.branch(x) + self.shortcut(x))
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task4_bottleneck_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
output = Bottleneck(32, 64, stride=2)(torch.randn(2, 32, 18, 18))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.shape == (2, 64, 9, 9), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 64, 9, 9)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, in_each, output_has_shape


def gives(sizes, x, shape):
    output_has_shape(Bottleneck(*sizes), x, shape=shape)


(side,), (height, width) = drawing.numbers(1, 10, 18), drawing.numbers(2, 11, 20, 3)
keeps = (32, 24), torch.randn(2, 32, side, side), (2, 24, side, side)
shrinks = (24, 24, 3), torch.randn(1, 24, height, width), (1, 24, height // 3 + 1, width // 3 + 1)
in_each([keeps, shrinks], gives)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_bottleneck_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает блок / What the block computes (2 балла / 2 points)
block = Bottleneck(32, 32)
output = block(torch.randn(2, 32, 12, 12))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.min() >= 0, "последней операцией блока должен быть ReLU / the last operation of the block has to be ReLU"
assert any(parameter.shape == (8, 8, 3, 3) for parameter in block.parameters()), (
    "нет свёртки 3×3 с out_channels // 4 = 8 каналами / there is no 3×3 convolution with out_channels // 4 = 8 channels"
)
### BEGIN HIDDEN TESTS
from grader.checks import same_function_in_cases
from grader.checks.resnet.bottleneck import bottleneck, bottleneck_cases, bottleneck_mistakes

same_function_in_cases(
    Bottleneck,
    bottleneck,
    bottleneck_cases(20, 28),
    lambda *sizes: torch.randn(4, 20, 10, 10),
    suspects=bottleneck_mistakes,
    gradients=False,
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_bottleneck_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты / Gradients (1 балл / 1 point)
block = Bottleneck(16, 32, stride=2)
output = block(torch.randn(2, 16, 18, 18))
try:
    output.sum().backward()
except RuntimeError as error:
    hint = "ищите inplace=True и += / look for inplace=True and +=" if "place" in str(error) else error
    raise AssertionError(f"backward не прошёл / backward failed: {hint}") from error
unreached = [name for name, parameter in block.named_parameters() if parameter.grad is None]
hint = "слой не вызван, или путь перекрыт / layer not called, or path cut: .detach(), .data, no_grad"
assert not unreached, f"до параметров не дошёл градиент / no gradient reaches: {unreached}; {hint}"
### BEGIN HIDDEN TESTS
from grader.checks import gradients_match, in_each
from grader.checks.resnet.bottleneck import bottleneck, bottleneck_mistakes


def match(*sizes):
    block, x = Bottleneck(*sizes), torch.randn(4, 24, 10, 10)
    gradients_match(block, bottleneck(*sizes), x, suspects=bottleneck_mistakes(*sizes), inputs_unchanged=True)


in_each([(24, 24, 1), (24, 32, 2)], match)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 5. Семейство ResNet (2 балла)
#
# Все сети статьи собираются из одних и тех же деталей, меняется только таблица:
#
# | Имя | Блок | Глубина стадий | `expansion` | Параметров |
# |---|---|---|---|---|
# | `resnet18` | BasicBlock | 2, 2, 2, 2 | 1 | 11 689 512 |
# | `resnet34` | BasicBlock | 3, 4, 6, 3 | 1 | 21 797 672 |
# | `resnet50` | Bottleneck | 3, 4, 6, 3 | 4 | 25 557 032 |
# | `resnet101` | Bottleneck | 3, 4, 23, 3 | 4 | 44 549 160 |
# | `resnet152` | Bottleneck | 3, 8, 36, 3 | 4 | 60 192 808 |
#
# Выход Bottleneck вчетверо шире его середины, поэтому у таких сетей `expansion` равно 4: стадии из 256, 512, 1024 и 2048
# каналов, а вход сети прежний, 64 канала.
#
# Число в имени — это число слоёв с весами. Например, у ResNet-50 это свёртка на входе, по три свёртки в $3 + 4 + 6 + 3 = 16$
# блоках и линейный слой: $1 + 48 + 1 = 50$. Свёртки на проводах не считают.
#
# Напишите функцию `make_resnet(name, num_classes=1000, width=64)`: по имени из таблицы она создаёт и возвращает вашу `ResNet`.

# %% [markdown] tags=["lang-en"]
# ## Task 5. The ResNet family (2 points)
#
# All networks of the paper are built of the same parts, only the table changes:
#
# | Name | Block | Depths of the stages | `expansion` | Parameters |
# |---|---|---|---|---|
# | `resnet18` | BasicBlock | 2, 2, 2, 2 | 1 | 11,689,512 |
# | `resnet34` | BasicBlock | 3, 4, 6, 3 | 1 | 21,797,672 |
# | `resnet50` | Bottleneck | 3, 4, 6, 3 | 4 | 25,557,032 |
# | `resnet101` | Bottleneck | 3, 4, 23, 3 | 4 | 44,549,160 |
# | `resnet152` | Bottleneck | 3, 8, 36, 3 | 4 | 60,192,808 |
#
# What comes out of a Bottleneck is four times as wide as its middle, so these networks have an `expansion` of 4: stages of 256,
# 512, 1024 and 2048 channels, and the stem keeps its 64.
#
# The number in the name counts layers with weights. ResNet-50, for example, has a convolution in the stem, three convolutions in
# each of $3 + 4 + 6 + 3 = 16$ blocks, and a linear layer: $1 + 48 + 1 = 50$. Convolutions on the wires are not counted.
#
# Write a function `make_resnet(name, num_classes=1000, width=64)`: it makes and returns your `ResNet` for a name of the table.

# %% nbgrader={"grade": false, "grade_id": "task5_make_resnet", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_resnet(name, num_classes=1000, width=64):
    """A network of the paper (He et al. 2015, table 1).

    Args:
        name: "resnet18", "resnet34", "resnet50", "resnet101" or "resnet152".
        num_classes: number of classes.
        width: channels of the stem.

    Returns:
        ResNet: images (N, 3, H, W) -> logits (N, num_classes)
    """
    ### BEGIN SOLUTION
    table = {
        "resnet18": (BasicBlock, [2, 2, 2, 2], 1),
        "resnet34": (BasicBlock, [3, 4, 6, 3], 1),
        "resnet50": (Bottleneck, [3, 4, 6, 3], 4),
        "resnet101": (Bottleneck, [3, 4, 23, 3], 4),
        "resnet152": (Bottleneck, [3, 8, 36, 3], 4),
    }
    block, depths, expansion = table[name]
    return ResNet(block, depths, num_classes, width, expansion)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task5_make_resnet_basic", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# ResNet-18, ResNet-34 (1 балл / 1 point)
def parameters_of_family(*settings):
    """Parameters of make_resnet(*settings)."""
    return parameters_of(make_resnet(*settings))


def own_parameters(name):
    """Parameters of the full network, on the device `meta`: tensors without numbers."""
    with torch.device("meta"):
        return parameters_of_family(name)


def foreign_class(*settings):
    """The class of what make_resnet(*settings) returns where it is not your own ResNet; else nothing."""
    net = make_resnet(*settings)
    is_own = isinstance(net, type(ResNet(BasicBlock, [1, 1, 1, 1], 10, 8)))
    return "" if is_own else f"{type(net).__module__}.{type(net).__name__}"


class ProbeResNet(nn.Module):
    """Stands in for your ResNet, so that what is wrong there costs nothing here: it keeps what it is made of."""

    def __init__(self, block, depths, num_classes=1000, width=64, expansion=1):
        super().__init__()
        self.made_of = [block.__name__, list(depths), num_classes, width, expansion]


def made_of(*settings):
    """What make_resnet hands to ResNet: block, depths, classes, width and expansion."""
    global ResNet
    own = globals().get("ResNet")
    ResNet = ProbeResNet
    try:
        return make_resnet(*settings).made_of
    finally:
        ResNet = own


def show_network(name, published):
    """Print the class of a small network of this name, and the parameters of the full one."""
    try:
        print(type(make_resnet(name, 10, 8)(torch.randn(2, 3, 64, 64))))
        count = f"{own_parameters(name):,}".replace(",", " ")
        print(f"параметров / parameters: {count}; ожидалось / expected: {published}")
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


show_network("resnet18", "11 689 512")
### BEGIN HIDDEN TESTS
from grader.checks import drawing, judged_by_itself, output_has_shape, same_parameter_count
from grader.checks.resnet.network import gives_resnet_these_arguments, resnet_parameters

FAMILY = [(name, *drawing.numbers(1, 11, 99), *drawing.numbers(1, 4, 8)) for name in ["resnet18", "resnet34"]]


def whole():
    found = foreign_class(*FAMILY[0])
    assert not found, f"make_resnet вернула / returned {found}, а нужна ваша / expected: your own ResNet"
    output_has_shape(make_resnet(*FAMILY[0]), torch.randn(2, 3, 64, 64), shape=(2, FAMILY[0][1]))
    for settings in FAMILY:
        same_parameter_count(parameters_of_family(*settings), resnet_parameters(*settings), name=settings[0])
    same_parameter_count(own_parameters("resnet34"), resnet_parameters("resnet34"), name="resnet34", tell=False)


def with_probes():
    for settings in [("resnet34",), *FAMILY]:
        gives_resnet_these_arguments(made_of(*settings), *settings)


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_make_resnet_bottleneck", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# ResNet-50, ResNet-101, ResNet-152 (1 балл / 1 point)
show_network("resnet50", "25 557 032")
### BEGIN HIDDEN TESTS
from grader.checks import drawing, judged_by_itself, output_has_shape, same_parameter_count
from grader.checks.resnet.network import gives_resnet_these_arguments, resnet_parameters

FAMILY = [(name, *drawing.numbers(1, 11, 99), *drawing.numbers(1, 4, 8, 4)) for name in ["resnet50", "resnet101", "resnet152"]]


def whole():
    found = foreign_class(*FAMILY[0])
    assert not found, f"make_resnet вернула / returned {found}, а нужна ваша / expected: your own ResNet"
    output_has_shape(make_resnet(*FAMILY[0]), torch.randn(2, 3, 64, 64), shape=(2, FAMILY[0][1]))
    for settings in FAMILY:
        same_parameter_count(parameters_of_family(*settings), resnet_parameters(*settings), name=settings[0])
    same_parameter_count(own_parameters("resnet101"), resnet_parameters("resnet101"), name="resnet101", tell=False)


def with_probes():
    for settings in [("resnet101",), *FAMILY]:
        gives_resnet_these_arguments(made_of(*settings), *settings)


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Обходные пути повсюду
#
# ResNet-152 ошибалась на ImageNet реже человека, и обходные пути стали ставить всюду, не только в сетях для картинок. Модели, которые
# переводят тексты и отвечают на вопросы (трансформеры), — это десятки одинаковых блоков, и каждый считает $x + F(x)$. Так же
# устроены сети, которые синтезируют речь, и AlphaGo Zero, которая научилась играть в го лучше чемпионов. Где слоёв много, там почти
# наверняка есть обходные пути.

# %% [markdown] tags=["lang-en"]
# ## Skips everywhere
#
# ResNet-152 made fewer mistakes on ImageNet than a person, and skips came into use everywhere, not only in networks for pictures.
# The models that translate texts and answer questions (transformers) are dozens of identical blocks, each of which computes
# $x + F(x)$. Networks that synthesise speech are built that way, and so is AlphaGo Zero, which learned to play Go better than
# champions. Where there are many layers, there are almost certainly skips.

# %% [markdown] tags=["lang-ru"]
# ## Задача 6. Подумайте (3 балла)
#
# Ответьте на каждый вопрос коротко, в 3–5 предложениях.
#
# ### Куда девается градиент (1 балл)
#
# Представьте, что из вашей ResNet-18 убрали все провода и все BatchNorm, а остальное оставили. Что станет с градиентом в первых
# слоях, если сеть сделать очень глубокой, и почему? Объясните с помощью формулы для производной $y = F(x) + x$.

# %% [markdown] tags=["lang-en"]
# ## Task 6. Think (3 points)
#
# Answer each question briefly, in 3 to 5 sentences.
#
# ### Where the gradient goes (1 point)
#
# Imagine that all wires and all BatchNorms are removed from your ResNet-18 and the rest is kept. What happens to the gradient
# in the first layers when the network gets very deep, and why? Explain with the formula for the derivative of $y = F(x) + x$.

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_gradient", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Градиент в первых слоях — произведение производных всех следующих слоёв. Без проводов множители равны F′(x); если они
# меньше единицы, произведение убывает с глубиной как показательная функция, и первые слои почти не учатся (а если больше —
# взрывается). С проводом производная блока равна F′(x) + 1: раскрыв скобки, получим слагаемое 1, которое от глубины не
# зависит. (BatchNorm и сам держит размах чисел в узде, поэтому в вопросе его убрали.) Поэтому часть градиента доходит до первых
# слоёв неослабленной.
#
# The gradient in the first layers is a product of the derivatives of all later layers. Without wires the factors are F′(x):
# if they are below one, the product decays exponentially with depth (above one, it explodes). With a wire the derivative of a
# block is F′(x) + 1; expanding the product gives a term 1 that does not depend on depth, so part of the gradient reaches the
# first layers undiminished. (BatchNorm too keeps the scale in check; that is why the question takes it away.)

# %% [markdown] tags=["lang-ru"]
# ### Глубже, но хуже (1 балл)
#
# Сеть из 56 обычных слоёв ошибается чаще сети из 20 слоёв даже на обучающей выборке. Почему это не переобучение? Какие веса
# могли бы быть у глубокой сети, чтобы она работала не хуже мелкой, и чем остаточный блок помогает их найти?

# %% [markdown] tags=["lang-en"]
# ### Deeper and yet worse (1 point)
#
# A network of 56 plain layers makes more mistakes than one of 20 layers, even on the training set. Why is this not overfitting?
# With what weights would the deep network be no worse than the shallow one, and how does a residual block help to find them?

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_degradation", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# При переобучении сеть хорошо помнит обучающую выборку и ошибается на новых картинках. Здесь ошибка больше уже на обучающей
# выборке: сеть не переучилась, а недоучилась. При этом хорошие веса существуют: 20 слоёв взять от мелкой сети, а остальные 36
# пусть возвращают свой вход. Обычным свёрткам с ReLU такое тождественное преобразование выучить трудно, а остаточному блоку
# легко: достаточно, чтобы F(x) стала нулём, а для этого хватит обнулить множитель и сдвиг последнего BatchNorm.
#
# An overfitted network remembers the training set and fails on new pictures. Here the error is larger on the training set
# already: the network has not learned too much but too little. And yet good weights exist: take 20 layers from the shallow
# network and let the other 36 return their input. Plain convolutions with ReLU hardly learn this identity; for a residual block
# it is easy: F(x) has to become zero, and for that the factor and the shift of the last BatchNorm have to become zero.

# %% [markdown] tags=["lang-ru"]
# ### Зачем нужно горлышко (1 балл)
#
# В ResNet-34 и в ResNet-50 поровну блоков: 3, 4, 6, 3. Каналов на выходе стадий у ResNet-50 вчетверо больше, слоёв в полтора
# раза больше, а параметров прибавилось лишь на шестую часть: 25,6 млн против 21,8 млн. Как это получается? Посчитайте веса
# свёрток 1×1 и 3×3 в одном блоке с 256 каналами и скажите, что делает каждая из трёх свёрток.

# %% [markdown] tags=["lang-en"]
# ### What the neck is for (1 point)
#
# ResNet-34 and ResNet-50 have the same number of blocks: 3, 4, 6, 3. The stages of ResNet-50 give four times as many channels,
# it has 1.5 times as many layers, and only a sixth more parameters: 25.6 million against 21.8. How come? Count the weights of
# the 1×1 and 3×3 convolutions in one block with 256 channels, and say what each of the three convolutions does.

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_bottleneck", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Дороже всего свёртка 3×3: её веса растут как произведение чисел каналов, умноженное на 9. Bottleneck применяет её там, где
# каналов мало: первая свёртка 1×1 сжимает 256 каналов до 64 (256·64 = 16 384 веса), свёртка 3×3 смотрит на соседние точки
# (64·64·9 = 36 864), последняя 1×1 возвращает 256 каналов (ещё 16 384). Всего 69 632 веса; две свёртки 3×3 на 256 каналах
# стоили бы 1 179 648, в 17 раз больше. Поэтому карты могут быть шире, а сеть глубже почти за ту же цену.
#
# The 3×3 convolution is the dearest: its weights grow as the product of the numbers of channels, times 9. A bottleneck applies
# it where there are few channels: the first 1×1 squeezes 256 channels into 64 (256·64 = 16,384 weights), the 3×3 looks at
# neighbouring points (64·64·9 = 36,864), the last 1×1 brings back 256 channels (another 16,384). That is 69,632 weights; two
# 3×3 convolutions on 256 channels would take 1,179,648, 17 times as many. So the maps can be wider and the network deeper for
# nearly the same price.

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
# # DenseNet: сеть, которая ничего не забывает
#
# ResNet научила сети пускать вход в обход слоёв. DenseNet идёт дальше: в ней каждый слой видит **всё**, что нашли слои до
# него. В этой тетради вы соберёте её целиком: слой, блок, переход между блоками и, наконец, DenseNet-121.
#
# **Вы научитесь**
# - отличать склейку карт признаков от их сложения и считать каналы там, где каждый слой добавляет новые;
# - писать плотный слой с узким местом, плотный блок и переход;
# - собирать по таблице из статьи DenseNet любой глубины и проверять себя по числу слоёв и параметров;
# - выбирать сеть под задачу и дообучать готовую: загружать веса, менять голову, замораживать тело.
#
# | Задача | Баллы |
# |---|---|
# | 1. Склейка | 2 |
# | 2. Плотный слой | 5 |
# | 3. Плотный блок | 4 |
# | 4. Переход | 2 |
# | 5. DenseNet | 5 |
# | 6. Вопросы для размышления (проверяет учитель) | 2 |
# | 7. Дообучение | 3 |
# | **Всего** | **23** |
#
# Пишите код только там, где стоит `# YOUR CODE HERE`. Проверки сравнивают, *что считает* ваш модуль, а не то, как он
# написан: имена слоёв, их порядок и стиль выбирайте сами.

# %% [markdown] tags=["lang-en"]
# # DenseNet: a network that forgets nothing
#
# ResNet taught networks to carry the input past the layers. DenseNet goes further: in it every layer sees **everything** that
# the layers before it have found. In this notebook you build all of it: the layer, the block, the transition between blocks,
# and in the end DenseNet-121.
#
# **You will learn**
# - to tell concatenation of feature maps from addition, and to count channels where every layer adds some;
# - to write a dense layer with a bottleneck, a dense block and a transition;
# - to build a DenseNet of any depth from the table in the paper, and to check yourself by the number of layers and parameters;
# - to choose a network for a task, and to fine-tune a ready one: load weights, replace the head, freeze the body.
#
# | Task | Points |
# |---|---|
# | 1. Concatenation | 2 |
# | 2. Dense layer | 5 |
# | 3. Dense block | 4 |
# | 4. Transition | 2 |
# | 5. DenseNet | 5 |
# | 6. Questions to think about (graded by the teacher) | 2 |
# | 7. Fine-tuning | 3 |
# | **Total** | **23** |
#
# Write code only where it says `# YOUR CODE HERE`. The checks compare *what your module computes*, not how it is written:
# the names of the layers, their order and the style are yours.

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown] tags=["lang-ru"]
# ## Сложить или склеить?
#
# В ResNet ко входу прибавляют поправку: $x + F(x)$. Сложите 6 карт признаков с 6 другими — и получите снова 6 карт. Разобрать
# такую сумму на слагаемые уже нельзя: следующий слой не узнает, что в ней было раньше, а что добавилось.
#
# Авторы DenseNet ([Huang et al., 2017](https://arxiv.org/abs/1608.06993)) предложили карты не складывать, а класть рядом:
# 6 карт и ещё 6 карт — это **12 карт**. Такая операция называется *склейкой* (конкатенацией). Старые карты остаются
# нетронутыми, и любой следующий слой может взять любую из них, даже самую первую. Соревнование ImageNet DenseNet не выигрывала,
# но её охотно берут и сегодня.
#
# У карт должны совпадать высота и ширина, а вот каналов в двух стопках может быть разное число.

# %% [markdown] tags=["lang-en"]
# ## Add or concatenate?
#
# ResNet adds a correction to the input: $x + F(x)$. Add 6 feature maps to 6 others, and you have 6 maps again. Such a sum
# cannot be taken apart any more: the next layer will never know what was there before and what was added.
#
# The authors of DenseNet ([Huang et al., 2017](https://arxiv.org/abs/1608.06993)) do not add the maps, they put them side by
# side: 6 maps and 6 more are **12 maps**. This is called *concatenation*. The old maps stay untouched, and any later layer can
# use any of them, even the very first one. DenseNet never won the ImageNet contest, but it is popular to this day.
#
# The maps must have the same height and width; the two stacks may well have different numbers of channels.

# %%
BLUE, ORANGE, MIXED = "#2a6fbb", "#f08c2e", "#8d7e75"


def draw_maps(ax, left, bottom, colors):
    """Draw a stack of feature maps, one behind the other."""
    for index, color in enumerate(colors):
        place = (left + 0.22 * index, bottom + 0.22 * index)
        ax.add_patch(plt.Rectangle(place, 1.5, 1.5, facecolor=color, edgecolor="white", zorder=-index))


figure, axes = plt.subplots(1, 2, figsize=(12, 3.2))
results = [("+", [MIXED] * 6, "ResNet: 6 + 6 → 6"), ("cat", [BLUE] * 6 + [ORANGE] * 6, "DenseNet: 6 + 6 → 12")]
for ax, (sign, result, title) in zip(axes, results):
    draw_maps(ax, 0, 0, [BLUE] * 6)
    draw_maps(ax, 4.2, 0, [ORANGE] * 6)
    draw_maps(ax, 8.4, 0, result)
    for place, text in [(3.4, sign), (7.6, "=")]:
        ax.text(place, 1.3, text, fontsize=14, ha="center", va="center")
    ax.set_title(title)
    ax.set_xlim(-0.2, 12.8)
    ax.set_ylim(-0.2, 4.4)
    ax.set_aspect("equal")
    ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Склейка (2 балла)
#
# **1.** Напишите функцию `concatenate(old, new)`: она склеивает две стопки карт по каналам — сначала все старые карты, за ними
# все новые. Батч, высота и ширина не меняются.
#
# **2.** Представьте несколько слоёв подряд. Каждый читает все карты, что есть, и приклеивает к ним `growth_rate` новых. Это
# число так и называется — **скорость роста** (growth rate). Напишите функцию
# `channels_along_block(in_channels, growth_rate, num_layers)`, которая возвращает список: сколько карт на входе первого слоя,
# второго, ..., последнего и сколько их на выходе из последнего. Всего `num_layers + 1` чисел.
#
# Например, было 6 карт, и один слой добавил ещё 6: `channels_along_block(6, 6, 1)` — это `[6, 12]`.
#
# <details><summary>Подсказка</summary>Склеивает тензоры функция <code>torch.cat</code>. Форма тензора — (батч, каналы, высота,
# ширина): какой номер у оси каналов?</details>

# %% [markdown] tags=["lang-en"]
# ## Task 1. Concatenation (2 points)
#
# **1.** Write a function `concatenate(old, new)` that joins two stacks of maps along the channels: first all the old maps,
# then all the new ones. Batch, height and width stay as they are.
#
# **2.** Imagine several layers in a row. Each reads all the maps there are, and appends `growth_rate` new ones to them.
# This number is called the **growth rate**. Write a function
# `channels_along_block(in_channels, growth_rate, num_layers)` that returns a list: the number of maps that enter the first
# layer, the second, ..., the last, and the number that leaves the last one. These are `num_layers + 1` numbers.
#
# For example, there were 6 maps and one layer has added 6 more: `channels_along_block(6, 6, 1)` is `[6, 12]`.
#
# <details><summary>Hint</summary>Tensors are joined by <code>torch.cat</code>. The shape of a tensor is (batch, channels, height,
# width): what is the number of the channel axis?</details>

# %% nbgrader={"grade": false, "grade_id": "task1_concatenate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def concatenate(old, new):
    """Put the new feature maps behind the old ones.

    Shape:
        old (N, C_old, H, W), new (N, C_new, H, W) -> (N, C_old + C_new, H, W)
    """
    ### BEGIN SOLUTION
    return torch.cat((old, new), dim=1)
    ### END SOLUTION


def channels_along_block(in_channels, growth_rate, num_layers):
    """Numbers of feature maps before each layer and after the last one.

    Args:
        in_channels: maps before the first layer.
        growth_rate: new maps of each layer.
        num_layers: number of layers.

    Returns:
        list of num_layers + 1 numbers, the first is in_channels
    """
    ### BEGIN SOLUTION
    return [in_channels + index * growth_rate for index in range(num_layers + 1)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task1_concatenate_maps", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Склейка / Concatenation (1 балл / 1 point)
joined = concatenate(torch.zeros(2, 6, 8, 8), torch.ones(2, 6, 8, 8))
assert joined is not None, "функция ничего не вернула / the function returned nothing"
assert joined.shape == (2, 12, 8, 8), f"форма / shape: {tuple(joined.shape)}, ожидалась / expected: (2, 12, 8, 8)"
assert joined[:, :6].max() == 0, (
    "первыми идут не старые карты, а нужно: сначала старые, потом новые / first the old maps, then the new ones"
)
### BEGIN HIDDEN TESTS
from grader.checks.densenet.layer import joins_maps

for old, new in [
    (torch.randn(2, 6, 5, 7), torch.randn(2, 6, 5, 7)),
    (torch.randn(3, 5, 4, 4), torch.randn(3, 2, 4, 4)),
]:
    joins_maps(concatenate(old, new), old, new)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_channels", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Сколько каналов / Number of channels (1 балл / 1 point)
found = channels_along_block(6, 6, 1)
assert found is not None, "функция ничего не вернула / the function returned nothing"
assert list(found) == [6, 12], f"получилось / found: {found}, ожидалось / expected: [6, 12]"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_value

for sizes in [drawing.numbers(2, 5, 99) + drawing.numbers(1, 2, 9) for _block in range(3)]:
    expected = [sizes[0]]
    for _layer in range(sizes[2]):
        expected.append(expected[-1] + sizes[1])
    same_value(channels_along_block(*sizes), expected)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Посмотрите, как число карт меняется вдоль DenseNet-121. В ней четыре блока: из 6, 12, 24 и 16 слоёв, скорость роста 32.
# Между блоками стоят **переходы**, которые уменьшают число карт вдвое: без них лестница ушла бы далеко вверх.

# %% [markdown] tags=["lang-en"]
# See how the number of maps changes along DenseNet-121. It has four blocks, of 6, 12, 24 and 16 layers, and a growth rate
# of 32. Between the blocks are **transitions**, which halve the number of maps; without them the stairs would climb far higher.

# %%
channels, start = 64, 0
plt.figure(figsize=(9, 3.5))
for number, num_layers in enumerate([6, 12, 24, 16], start=1):
    stairs = channels_along_block(channels, 32, num_layers)
    plt.step(
        range(start, start + len(stairs)), stairs, where="post", label=f"блок / block {number}: {stairs[0]} → {stairs[-1]}"
    )
    channels, start = stairs[-1] // 2, start + len(stairs)
plt.xlabel("слой / layer")
plt.ylabel("каналы / channels")
plt.legend()
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Плотный слой
#
# Слой DenseNet читает много карт — всё, что накопилось, — а добавляет мало, например 32. Здесь каждая свёртка стоит **после**
# своих BatchNorm и ReLU: сначала привести вход в порядок, потом применить свёртку.
#
# $$\mathrm{BatchNorm} \to \mathrm{ReLU} \to \mathrm{conv}\ 1{\times}1 \to \mathrm{BatchNorm} \to \mathrm{ReLU} \to
# \mathrm{conv}\ 3{\times}3$$
#
# Почему не наоборот, как в ResNet? В склейке собрались карты из разных слоёв, у каждой свой размах. Каждому следующему слою
# нужно по-своему их уравнять, и это делает его собственный BatchNorm на входе, а сами карты остаются какими были.
#
# А зачем свёртка 1×1? Свёртка 3×3 прямо из 1000 карт была бы дорогой. Поэтому свёртка 1×1 сначала сжимает их до
# `4 * growth_rate` карт. Это **узкое место** (bottleneck): его ширина не зависит от того, сколько карт накопилось.

# %% [markdown] tags=["lang-en"]
# ## The dense layer
#
# A layer of DenseNet reads many maps, all that have gathered, and adds only a few, 32 for example. Each convolution here comes
# **after** its BatchNorm and ReLU: first put the input in order, then convolve.
#
# $$\mathrm{BatchNorm} \to \mathrm{ReLU} \to \mathrm{conv}\ 1{\times}1 \to \mathrm{BatchNorm} \to \mathrm{ReLU} \to
# \mathrm{conv}\ 3{\times}3$$
#
# Why not the other way round, as in ResNet? Concatenated maps come from different layers, each with a scale of its own. Every
# later layer needs its own adjustment of them, and a BatchNorm at its input provides that without touching the maps themselves.
#
# And why the 1×1 convolution? A 3×3 convolution straight from 1000 maps would be expensive. So a 1×1 convolution first
# squeezes them to `4 * growth_rate` maps. This is the **bottleneck**: its width does not depend on how many maps have gathered.

# %% [markdown] tags=["lang-ru"]
# ## Задача 2. Плотный слой (5 баллов)
#
# **1.** Посчитайте на бумаге, сколько параметров в таком слое, и запишите формулу в функцию
# `dense_layer_parameters(in_channels, growth_rate)`; она возвращает целое число. У свёртки $k{\times}k$ без смещений
# (`bias=False`) $k \cdot k \cdot C_{in} \cdot C_{out}$ параметров, у BatchNorm — по два на канал.
#
# **2.** Напишите класс `DenseLayer(in_channels, growth_rate)`:
# BatchNorm → ReLU → свёртка 1×1 в `4 * growth_rate` карт → BatchNorm → ReLU → свёртка 3×3 (`padding=1`) в `growth_rate` карт.
#
# - `forward(x)` получает все накопленные карты одним тензором. Возвращает он **либо** только `growth_rate` новых карт, **либо**
#   сразу склейку входа с новыми картами, в любом порядке. Выбирайте, как удобнее: проверки понимают все варианты.
# - Сам вход слой менять не должен: его прочтут и следующие слои.
# - Здесь и дальше смещения у свёрток можно оставить или убрать, принимаем оба варианта. Настройки BatchNorm — по умолчанию.

# %% [markdown] tags=["lang-en"]
# ## Task 2. The dense layer (5 points)
#
# **1.** Work out on paper how many parameters such a layer has, and write the formula into the function
# `dense_layer_parameters(in_channels, growth_rate)`; it returns a whole number. A $k{\times}k$ convolution without bias
# (`bias=False`) has $k \cdot k \cdot C_{in} \cdot C_{out}$ parameters, a BatchNorm two for each channel.
#
# **2.** Write a class `DenseLayer(in_channels, growth_rate)`:
# BatchNorm → ReLU → convolution 1×1 to `4 * growth_rate` maps → BatchNorm → ReLU → convolution 3×3 (`padding=1`) to
# `growth_rate` maps.
#
# - `forward(x)` gets all the maps gathered so far as one tensor. It returns **either** only the `growth_rate` new maps, **or**
#   the input and the new maps concatenated, in any order. Choose what suits you: the checks understand all of these.
# - The layer must not change its input: later layers will read it too.
# - Here and later the convolutions may have a bias or not: both are accepted. BatchNorm has its default settings.

# %% nbgrader={"grade": false, "grade_id": "task2_dense_layer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dense_layer_parameters(in_channels, growth_rate):
    """Number of parameters of a dense layer whose convolutions have no bias.

    Args:
        in_channels: maps that the layer reads.
        growth_rate: new maps that it makes.
    """
    ### BEGIN SOLUTION
    width = 4 * growth_rate
    norms = 2 * in_channels + 2 * width
    convolutions = in_channels * width + 3 * 3 * width * growth_rate
    return norms + convolutions
    ### END SOLUTION


class DenseLayer(nn.Module):
    """Layer with a bottleneck (Huang et al. 2017, section 3, DenseNet-B).

    Args:
        in_channels: maps that the layer reads.
        growth_rate: new maps that it makes.

    Shape:
        (N, in_channels, H, W) -> (N, growth_rate, H, W), or (N, in_channels + growth_rate, H, W) with the input
    """

    def __init__(self, in_channels, growth_rate):
        super().__init__()
        ### BEGIN SOLUTION
        width = 4 * growth_rate
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        squeezed = self.conv1(F.relu(self.bn1(x)))
        return self.conv2(F.relu(self.bn2(squeezed)))
        ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# ### Проверки задачи 2
#
# Видимую часть каждой проверки можно запускать сколько угодно раз и тут же исправлять код. Скрытая часть выполнится, когда вы
# сдадите тетрадь.

# %% [markdown] tags=["lang-en"]
# ### Checks of task 2
#
# You can run the visible part of each check as often as you like and correct your code at once. The hidden part runs after you
# hand the notebook in.

# %% nbgrader={"grade": true, "grade_id": "task2_parameters_by_hand", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Число параметров на бумаге / Number of parameters on paper (1 балл / 1 point)
found = dense_layer_parameters(6, 2)
assert found == 220, f"получилось / found: {found}, ожидалось / expected: 220"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_value
from grader.checks.densenet.layer import dense_layer

for sizes in [drawing.numbers(2, 3, 90) for _layer in range(4)]:
    expected = sum(parameter.numel() for parameter in dense_layer(*sizes).parameters())
    same_value(dense_layer_parameters(*sizes), expected, tolerance=1e-9)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_dense_layer_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
output = DenseLayer(6, 4)(torch.randn(2, 6, 9, 9))
found = type(output).__name__
assert isinstance(output, torch.Tensor), (
    f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
)
assert output.shape in [(2, 4, 9, 9), (2, 10, 9, 9)], (
    f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 4, 9, 9) или / or (2, 10, 9, 9)"
)
### BEGIN HIDDEN TESTS
from grader.checks.densenet.layer import layer_form

for in_channels, growth_rate in [(7, 3), (5, 12), (8, 8)]:
    layer_form(DenseLayer(in_channels, growth_rate), torch.randn(2, in_channels, 9, 6), growth_rate)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_dense_layer_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает слой / What the layer computes (2 балла / 2 points)
layer = DenseLayer(6, 4)
layer(torch.randn(2, 6, 9, 9))
found = sum(parameter.numel() for parameter in layer.parameters())
assert found in (716, 720, 732, 736), (
    f"параметров / parameters: {found}, а нужно / expected: 716 (+ bias: 720, 732, 736)"
)
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.densenet.layer import dense_layer, dense_layer_mistakes, layer_form

for sizes in [(7, 3), (5, 5)]:
    layer, x = DenseLayer(*sizes), torch.randn(4, sizes[0], 8, 8)
    form = layer_form(layer, x, sizes[1])
    same_function(layer, dense_layer(*sizes, form), x, suspects=dense_layer_mistakes(*sizes, form), gradients=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_dense_layer_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты, и вход остаётся как был / Gradients, and the input stays as it was (1 балл / 1 point)
layer, x = DenseLayer(6, 4), torch.randn(2, 6, 9, 9)
before = x.clone()
layer(x).sum().backward()
assert torch.equal(x, before), "слой изменил свой вход / the layer has changed its input"
unreached = [name for name, parameter in layer.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, gradients_match, gradients_reach_every_parameter
from grader.checks.densenet.layer import dense_layer, dense_layer_mistakes, layer_form

layer, x = DenseLayer(7, 5), torch.randn(4, 7, 10, 10)
does_not_change_its_input(layer, x)
gradients_reach_every_parameter(layer, x)
form = layer_form(layer, x, 5)
gradients_match(layer, dense_layer(7, 5, form), x, suspects=dense_layer_mistakes(7, 5, form))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Окупается ли узкое место? Сравним ваш слой со слоем без него: BatchNorm и одна свёртка 3×3. Пока карт мало, свёртка 1×1
# только добавляет параметров. Но примерно с 230 карт узкое место уже выгоднее, и чем дальше, тем сильнее: к концу третьего
# блока DenseNet-121 карт уже 1024.

# %% [markdown] tags=["lang-en"]
# Does the bottleneck pay off? Let us compare your layer with one that has none: a BatchNorm and a single 3×3 convolution. While
# there are few maps, the 1×1 convolution only adds parameters. But from about 230 maps on the bottleneck is cheaper, and more
# so the further it goes: at the end of DenseNet-121's third block there are 1024 of them.

# %%
inputs = list(range(32, 1025, 32))
plt.figure(figsize=(7, 3.5))
plt.plot(inputs, [2 * n + 9 * n * 32 for n in inputs], label="3×3")
plt.plot(inputs, [dense_layer_parameters(n, 32) for n in inputs], label="1×1, 3×3 (bottleneck)")
plt.xlabel("карты на входе / input maps")
plt.ylabel("параметры / parameters")
plt.legend()
plt.show()

# %% [markdown] tags=["lang-ru"]
# ## Плотный блок
#
# Соединим слои так, чтобы каждый читал вход блока и выходы **всех** предыдущих слоёв:
#
# $$x_\ell = H_\ell\big([x_0, x_1, \ldots, x_{\ell-1}]\big),$$
#
# где $H_\ell$ — плотный слой, а квадратные скобки — склейка. В блоке из $L$ слоёв получается $L(L+1)/2$ проводов, поэтому
# сеть и называется плотной (dense). На рисунке блок из четырёх слоёв.

# %% [markdown] tags=["lang-en"]
# ## The dense block
#
# Let us connect the layers so that each reads the block's input and the outputs of **all** the layers before it:
#
# $$x_\ell = H_\ell\big([x_0, x_1, \ldots, x_{\ell-1}]\big),$$
#
# where $H_\ell$ is a dense layer and the square brackets mean concatenation. A block of $L$ layers has $L(L+1)/2$ wires, which
# is why the network is called dense. The picture shows a block of four layers.

# %%
names = ["$x_0$", "$H_1$", "$H_2$", "$H_3$", "$H_4$"]
colors = [BLUE, ORANGE, "#4c9f70", "#b5539c", "#d1495b"]
figure, ax = plt.subplots(figsize=(9, 3.2))
for first in range(len(names)):
    for second in range(first + 1, len(names)):
        bend = f"arc3,rad={-0.32 if second - first > 1 else 0}"
        arrow = {"arrowstyle": "-|>", "color": colors[first], "connectionstyle": bend, "shrinkA": 18, "shrinkB": 18}
        ax.annotate("", (2 * second, 0), (2 * first, 0), arrowprops=arrow)
for index, name in enumerate(names):
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colors[index]}
    ax.text(2 * index, 0, name, ha="center", va="center", fontsize=13, bbox=box)
ax.set_xlim(-0.8, 8.8)
ax.set_ylim(-0.6, 1.6)
ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 3. Плотный блок (4 балла)
#
# Напишите класс `DenseBlock(in_channels, growth_rate, num_layers)` из `num_layers` слоёв `DenseLayer`.
#
# - Каждый слой читает склейку входа блока и новых карт всех предыдущих слоёв.
# - Блок возвращает всё, что накопилось: свой вход и все новые карты, то есть `in_channels + num_layers * growth_rate` карт.
# - Порядок карт в склейке неважен: новые можно класть и в конец, и в начало.
#
# <details><summary>Подсказка 1</summary>У каждого слоя свой <code>in_channels</code>. Эти числа вы уже посчитали в задаче
# 1.</details>
# <details><summary>Подсказка 2</summary>Слои, сложенные в обычный список Python, PyTorch не увидит. Для этого есть
# <code>nn.ModuleList</code>.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 3. The dense block (4 points)
#
# Write a class `DenseBlock(in_channels, growth_rate, num_layers)` made of `num_layers` layers `DenseLayer`.
#
# - Every layer reads the block's input and the new maps of all the layers before it, concatenated.
# - The block returns all that has gathered: its input and all new maps, `in_channels + num_layers * growth_rate` in number.
# - The order in which the maps lie side by side does not matter: new ones may go to the end or to the beginning.
#
# <details><summary>Hint 1</summary>Every layer has an <code>in_channels</code> of its own. You have worked out these numbers in
# task 1.</details>
# <details><summary>Hint 2</summary>PyTorch does not see layers in an ordinary Python list. That is what
# <code>nn.ModuleList</code> is for.</details>

# %% nbgrader={"grade": false, "grade_id": "task3_dense_block", "locked": false, "schema_version": 3, "solution": true, "task": false}
class DenseBlock(nn.Module):
    """Layers of which each reads the maps of all the ones before it (Huang et al. 2017, figure 1).

    Args:
        in_channels: maps of the block's input.
        growth_rate: new maps of each layer.
        num_layers: number of layers, at least 1.

    Shape:
        (N, in_channels, H, W) -> (N, in_channels + num_layers * growth_rate, H, W)
    """

    def __init__(self, in_channels, growth_rate, num_layers):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList()
        for index in range(num_layers):
            self.layers.append(DenseLayer(in_channels + index * growth_rate, growth_rate))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = concatenate(x, layer(x))
        return x
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task3_dense_block_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
output = DenseBlock(6, 4, 3)(torch.randn(2, 6, 9, 9))
found = type(output).__name__
assert isinstance(output, torch.Tensor), (
    f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
)
assert output.shape == (2, 18, 9, 9), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 18, 9, 9)"
### BEGIN HIDDEN TESTS
from grader.checks.densenet.block import keeps_every_map

for in_channels, growth_rate, num_layers in [(7, 3, 4), (5, 6, 1), (12, 3, 2)]:
    block = DenseBlock(in_channels, growth_rate, num_layers)
    keeps_every_map(block, torch.randn(2, in_channels, 9, 6), growth_rate, num_layers)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_dense_block_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает блок / What the block computes (2 балла / 2 points)
assert any(True for _ in DenseBlock(6, 4, 3).parameters()), (
    "PyTorch не видит параметров: слои лежат в обычном списке? / PyTorch sees no parameters: are the layers in a plain list?"
)
### BEGIN HIDDEN TESTS
from grader.checks import one_of, same_function
from grader.checks.densenet.block import dense_block_mistakes, dense_blocks, keeps_every_map

for sizes in [(7, 3, 3), (5, 5, 2)]:
    block, x = DenseBlock(*sizes), torch.randn(4, sizes[0], 8, 8)
    keeps_every_map(block, x, *sizes[1:])
    reference = one_of(block, dense_blocks(*sizes), x)
    same_function(block, reference, x, suspects=dense_block_mistakes(*sizes), gradients=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_dense_block_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты, и вход остаётся как был / Gradients, and the input stays as it was (1 балл / 1 point)
block, x = DenseBlock(6, 4, 3), torch.randn(2, 6, 9, 9)
before = x.clone()
block(x).sum().backward()
assert torch.equal(x, before), "блок изменил свой вход / the block has changed its input"
unreached = [name for name, parameter in block.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, gradients_match, gradients_reach_every_parameter, one_of
from grader.checks.densenet.block import dense_block_mistakes, dense_blocks

sizes = (7, 3, 2)
block, x = DenseBlock(*sizes), torch.randn(4, 7, 8, 8)
does_not_change_its_input(block, x)
gradients_reach_every_parameter(block, x)
gradients_match(block, one_of(block, dense_blocks(*sizes), x), x, suspects=dense_block_mistakes(*sizes))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 4. Переход (2 балла)
#
# Склеить можно только карты одного размера, поэтому внутри блока картинка не уменьшается. Её уменьшает **переход**
# (transition) между блоками. Заодно он сокращает число карт.
#
# Напишите класс `Transition(in_channels, out_channels)`:
# BatchNorm → ReLU → свёртка 1×1 из `in_channels` карт в `out_channels` → среднее по квадратам 2×2 (`nn.AvgPool2d(2)`).
# У картинки с нечётной стороной последняя строка или столбец при этом отбрасываются: из 17×11 получится 8×5.

# %% [markdown] tags=["lang-en"]
# ## Task 4. The transition (2 points)
#
# Only maps of the same size can be concatenated, so the picture does not shrink within a block. It is the **transition**
# between blocks that shrinks it. It also reduces the number of maps.
#
# Write a class `Transition(in_channels, out_channels)`:
# BatchNorm → ReLU → convolution 1×1 from `in_channels` maps to `out_channels` → mean of every 2×2 square (`nn.AvgPool2d(2)`).
# Where a side of the picture is odd, the last row or column is dropped: 17×11 becomes 8×5.

# %% nbgrader={"grade": false, "grade_id": "task4_transition", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Transition(nn.Module):
    """What stands between two dense blocks (Huang et al. 2017, table 1).

    Args:
        in_channels: maps of the input.
        out_channels: maps of the output.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)
    """

    def __init__(self, in_channels, out_channels):
        super().__init__()
        ### BEGIN SOLUTION
        self.bn = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return F.avg_pool2d(self.conv(F.relu(self.bn(x))), 2)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task4_transition_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
output = Transition(12, 6)(torch.randn(2, 12, 8, 8))
found = type(output).__name__
assert isinstance(output, torch.Tensor), (
    f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
)
assert output.shape == (2, 6, 4, 4), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 6, 4, 4)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, output_has_shape

for sizes, (height, width) in [((10, 6), drawing.numbers(2, 9, 21, 2)), ((9, 4), drawing.numbers(2, 10, 22, 2))]:
    output_has_shape(Transition(*sizes), torch.randn(2, sizes[0], height, width), shape=(2, sizes[1], height // 2, width // 2))
output_has_shape(Transition(5, 5), torch.randn(2, 5, 2, 2), shape=(2, 5, 1, 1))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_transition_function", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Что считает переход / What the transition computes (1 балл / 1 point)
transition, x = Transition(12, 6), torch.randn(2, 12, 8, 8)
before = x.clone()
transition(x).sum().backward()
assert torch.equal(x, before), "переход изменил свой вход / the transition has changed its input"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, gradients_reach_every_parameter, same_function
from grader.checks.densenet.block import transition as right_transition
from grader.checks.densenet.block import transition_mistakes

for sizes in [(10, 5), (7, 9)]:
    transition, x = Transition(*sizes), torch.randn(4, sizes[0], 9, 8)
    same_function(transition, right_transition(*sizes), x, suspects=transition_mistakes(*sizes))
    does_not_change_its_input(transition, x)
    gradients_reach_every_parameter(transition, x)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 5. DenseNet (5 баллов)
#
# **1.** Соберите сеть `DenseNet(depths, num_classes=1000, growth_rate=32, init_channels=64)` (статья, таблица 1):
#
# - вход: свёртка 7×7 из 3 каналов в `init_channels`, шаг 2, `padding=3` → BatchNorm → ReLU → MaxPool 3×3, шаг 2, `padding=1`;
# - плотные блоки из `depths[0]`, `depths[1]`, ... слоёв. Их может быть сколько угодно, не обязательно четыре;
# - между соседними блоками — переход, который оставляет половину карт (`channels // 2`). После последнего блока перехода нет;
# - BatchNorm → ReLU → среднее по всей картинке → линейный слой в `num_classes` чисел. Softmax не нужен.
#
# **2.** Напишите функцию `densenet121(num_classes=1000)`, которая возвращает DenseNet-121: в её блоках 6, 12, 24 и 16 слоёв,
# остальное — как в `DenseNet` по умолчанию.
#
# **3.** Почему «121»? Напишите функцию `count_weight_layers(depths)`: сколько в такой сети свёрток и линейных слоёв вместе
# (BatchNorm по традиции не считают). Для `[6, 12, 24, 16]` должно получиться 121.
#
# Если всё верно, у DenseNet-121 (1000 классов, свёртки без смещений) ровно **7 978 856** параметров. Это меньше, чем у
# ResNet-18, хотя слоёв почти в семь раз больше.

# %% [markdown] tags=["lang-en"]
# ## Task 5. DenseNet (5 points)
#
# **1.** Build the network `DenseNet(depths, num_classes=1000, growth_rate=32, init_channels=64)` (the paper's table 1):
#
# - the stem: convolution 7×7 from 3 channels to `init_channels`, stride 2, `padding=3` → BatchNorm → ReLU → MaxPool 3×3,
#   stride 2, `padding=1`;
# - dense blocks of `depths[0]`, `depths[1]`, ... layers. There may be any number of blocks, not only four;
# - between neighbouring blocks a transition that keeps half of the maps (`channels // 2`). After the last block there is none;
# - BatchNorm → ReLU → the mean over the whole picture → a linear layer to `num_classes` numbers. No softmax.
#
# **2.** Write a function `densenet121(num_classes=1000)` that returns DenseNet-121: its blocks have 6, 12, 24 and 16 layers, the
# rest is `DenseNet`'s default.
#
# **3.** Why "121"? Write a function `count_weight_layers(depths)`: the number of convolutions and linear layers of such a
# network together (by tradition BatchNorm is not counted). For `[6, 12, 24, 16]` it has to give 121.
#
# If all is right, DenseNet-121 (1000 classes, convolutions without bias) has exactly **7,978,856** parameters. That is less
# than ResNet-18 has, with almost seven times as many layers.

# %% nbgrader={"grade": false, "grade_id": "task5_densenet", "locked": false, "schema_version": 3, "solution": true, "task": false}
class DenseNet(nn.Module):
    """DenseNet-BC (Huang et al. 2017, table 1).

    Args:
        depths: number of layers in each dense block.
        num_classes: number of classes K.
        growth_rate: new maps of each layer.
        init_channels: maps after the first convolution.

    Shape:
        (N, 3, H, W) -> logits (N, num_classes)
    """

    def __init__(self, depths, num_classes=1000, growth_rate=32, init_channels=64):
        super().__init__()
        ### BEGIN SOLUTION
        self.stem = nn.Sequential(
            nn.Conv2d(3, init_channels, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(init_channels),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.blocks = nn.Sequential()
        channels = init_channels
        for index, depth in enumerate(depths):
            if index > 0:
                self.blocks.append(Transition(channels, channels // 2))
                channels = channels // 2
            self.blocks.append(DenseBlock(channels, growth_rate, depth))
            channels = channels + depth * growth_rate
        self.bn = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        maps = F.relu(self.bn(self.blocks(self.stem(x))))
        return self.classifier(maps.mean(dim=(2, 3)))
        ### END SOLUTION


def densenet121(num_classes=1000):
    """DenseNet-121: (N, 3, H, W) -> logits (N, num_classes)."""
    ### BEGIN SOLUTION
    return DenseNet([6, 12, 24, 16], num_classes)
    ### END SOLUTION


def count_weight_layers(depths):
    """Number of convolutions and linear layers of `DenseNet(depths)`; 121 for [6, 12, 24, 16]."""
    ### BEGIN SOLUTION
    stem, transitions, classifier = 1, len(depths) - 1, 1
    return stem + 2 * sum(depths) + transitions + classifier
    ### END SOLUTION


# %%
# Сравните с числами из условия / Compare with the numbers above
network = densenet121()
print(f"{sum(parameter.numel() for parameter in network.parameters()):,}".replace(",", " "), count_weight_layers([6, 12, 24, 16]))

# %% nbgrader={"grade": true, "grade_id": "task5_count_weight_layers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Почему 121 / Why 121 (1 балл / 1 point)
found = count_weight_layers([6, 12, 24, 16])
assert found == 121, f"получилось / found: {found}, ожидалось / expected: 121"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_value
from grader.checks.densenet.network import weight_layers

for depths in [drawing.depths_of_network(blocks) for blocks in (4, 2, 1, 3)]:
    same_value(count_weight_layers(depths), weight_layers(depths), tolerance=1e-9)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_densenet_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода и число параметров / Shape of the output and number of parameters (1 балл / 1 point)
logits = DenseNet([2, 3], 5, 4, 8)(torch.randn(2, 3, 64, 64))
assert logits.shape == (2, 5), f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (2, 5)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, output_has_shape, parameter_count
from grader.checks.densenet.network import densenet

first, second = drawing.numbers(2, 3, 30)
output_has_shape(DenseNet([1, 2, 1, 1], first, 4, 6), torch.randn(1, 3, 96, 64), shape=(1, first))
output_has_shape(DenseNet([2], second, 4, 8), torch.randn(2, 3, 32, 32), shape=(2, second))
for arguments in [([2, 1, 3], *drawing.numbers(1, 5, 30), 6, 10), ([1, 1], *drawing.numbers(1, 900, 1100))]:
    expected = sum(parameter.numel() for parameter in densenet(*arguments).parameters())
    parameter_count(DenseNet(*arguments), expected, torch.randn(1, 3, 64, 64), conv_biases=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_densenet_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Маленькая DenseNet: что она считает / A small DenseNet: what it computes (2 балла / 2 points)
small = DenseNet([1, 2], 5, 4, 8)
small(torch.randn(2, 3, 64, 64)).sum().backward()
unreached = [name for name, parameter in small.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, gradients_reach_every_parameter, one_of, same_function
from grader.checks.densenet.network import densenet_mistakes, densenets
from grader.checks.resnet.pictures import blotches

# With few classes all logits are positive now and then, and a ReLU behind them does not show.
# The stem is not twice as wide as the growth, which many implementations take instead of asking.
sizes = ([1, 2, 1], 11, 3, *drawing.numbers(1, 7, 9))
network, x = DenseNet(*sizes), blotches(4, 48)
gradients_reach_every_parameter(network, x)
same_function(network, one_of(network, densenets(*sizes), x), x, suspects=densenet_mistakes(*sizes))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_densenet121", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# DenseNet-121 (1 балл / 1 point)
network = densenet121(10)
assert network is not None, "функция ничего не вернула / the function returned nothing"
network.eval()
with torch.no_grad():
    logits = network(torch.randn(1, 3, 64, 64))
assert logits.shape == (1, 10), f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (1, 10)"
### BEGIN HIDDEN TESTS
from grader.checks import parameter_count

x = torch.randn(1, 3, 32, 32)
parameter_count(densenet121(), 7_978_856, x, conv_biases=False, tell=False)
parameter_count(network, 7_978_856 - (1000 - 10) * 1025, x, conv_biases=False, tell=False)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ### Учится ли она?
#
# Дадим маленькой DenseNet шумные картинки с полосками трёх направлений: горизонтальными, вертикальными и косыми. За
# несколько секунд она должна научиться их различать.

# %% [markdown] tags=["lang-en"]
# ### Does it learn?
#
# Let us give a small DenseNet noisy pictures with stripes in three directions: horizontal, vertical and diagonal. Within a few
# seconds it should learn to tell them apart.

# %%
torch.manual_seed(0)
rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
stripes = torch.stack([torch.sin(rows), torch.sin(columns), torch.sin((rows + columns) / 2**0.5)])
answers = torch.arange(60) % 3
pictures = stripes[answers].unsqueeze(1).repeat(1, 3, 1, 1) + torch.randn(60, 3, 32, 32)

network = DenseNet([2, 2], 3, 8, 16)
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
losses = []
for _step in range(25):
    optimizer.zero_grad()
    loss = F.cross_entropy(network(pictures), answers)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

figure, axes = plt.subplots(1, 4, figsize=(11, 2.6), width_ratios=[1, 1, 1, 2], layout="constrained")
for ax, picture in zip(axes[:3], pictures):
    ax.imshow(picture.mean(dim=0), cmap="gray")
    ax.axis("off")
axes[3].plot(losses)
axes[3].set_xlabel("шаг / step")
axes[3].set_ylabel("потери / loss")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 6. Подумайте (2 балла)
#
# **1.** (1 балл) Слой DenseNet-121 добавляет всего 32 карты, а свёртки ResNet-18 в конце сети выдают по 512. Почему DenseNet
# хватает таких узких слоёв? Объясните через разницу между сложением и склейкой (2–4 предложения).

# %% [markdown] tags=["lang-en"]
# ## Task 6. Think (2 points)
#
# **1.** (1 point) A layer of DenseNet-121 adds just 32 maps, while the convolutions at the end of ResNet-18 give 512 each. Why
# are such narrow layers enough for DenseNet? Explain with the difference between addition and concatenation (2 to 4 sentences).

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_discussion_narrow", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# При склейке старые карты остаются на месте и доступны всем следующим слоям, поэтому слой не обязан повторять и переносить
# дальше то, что уже найдено: он добавляет только новое. В ResNet всё, что сеть знает, живёт в одном тензоре постоянной
# ширины: поправка прибавляется к нему и смешивается со старым, поэтому и тензор, и слои должны быть широкими.
#
# Concatenation leaves the old maps in place for all later layers, so a layer need not repeat what has been found; it only adds
# what is new. In ResNet all that the network knows lives in one tensor of constant width: corrections are added to it and mix
# with what was there, so the tensor and the layers have to be wide.

# %% [markdown] tags=["lang-ru"]
# **2.** (1 балл) Почему нельзя сделать всю сеть одним большим плотным блоком, без переходов? Назовите две причины и прикиньте,
# сколько карт читал бы последний слой DenseNet-121, если бы переходы не сокращали их число.

# %% [markdown] tags=["lang-en"]
# **2.** (1 point) Why can the whole network not be one large dense block without transitions? Name two reasons, and estimate how
# many maps the last layer of DenseNet-121 would read if the transitions did not reduce their number.

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_discussion_transitions", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Склеивать можно только карты одного размера, а картинку надо уменьшать: иначе рецептивное поле растёт медленно, а считать
# дорого. Кроме того, число карт растёт с каждым слоем, а с ним память и время: перед последним, 58-м слоем было бы 64 + 57 · 32
# = 1888 карт, а с переходами их 992.
#
# Only maps of one size can be concatenated, and the picture has to shrink: otherwise the receptive field grows slowly and
# everything is expensive. Besides, the number of maps grows with every layer, and memory and time with it: the last, 58th layer
# would read 64 + 57 · 32 = 1888 maps; with transitions it reads 992.

# %% [markdown] tags=["lang-ru"]
# ## Какую сеть взять?
#
# Вы уже знаете четыре семейства: AlexNet, VGG, ResNet и DenseNet. Какую сеть взять для своей задачи? Посмотрите, насколько она
# трудна и сколько у вас картинок.
#
# | Задача | Пример | Что взять |
# |---|---|---|
# | лёгкая | MNIST: рукописные цифры 28×28; CIFAR-10: картинки 32×32 десяти классов | небольшую сеть, хватит и AlexNet |
# | трудная, картинок очень много | ImageNet: тысяча классов, больше миллиона картинок | сеть со многими слоями: ResNet, DenseNet |
# | трудная, картинок мало | несколько сотен ваших фотографий | готовую сеть, обученную на ImageNet, и дообучить её |
#
# Чем меньше данных и чем проще задача, тем **легче и мельче** должна быть сеть. Большая сеть с миллионами параметров просто выучит
# несколько сотен картинок наизусть, а на новых будет ошибаться: это и есть переобучение.
#
# Самый частый случай — последний. Строить сеть с нуля приходится редко: готовые сети уже лежат в библиотеках вроде `torchvision`,
# вместе с весами.

# %% [markdown] tags=["lang-en"]
# ## Which network to take?
#
# You know four families by now: AlexNet, VGG, ResNet and DenseNet. Which network suits a task of yours? See how difficult it is,
# and how many pictures you have.
#
# | Task | Example | What to take |
# |---|---|---|
# | easy | MNIST: handwritten digits, 28×28; CIFAR-10: pictures of 32×32, ten classes | a small network, AlexNet will do |
# | difficult, very many pictures | ImageNet: a thousand classes, more than a million pictures | many layers: ResNet, DenseNet |
# | difficult, few pictures | several hundred photographs of your own | a ready network trained on ImageNet, fine-tuned |
#
# The less data there is and the easier the task, the **lighter and shallower** the network should be. A large one with millions of
# parameters simply learns several hundred pictures by heart and fails on new ones: that is overfitting.
#
# The last case is the most frequent one. Networks are seldom built from scratch: ready ones lie in libraries such as
# `torchvision`, together with their weights.

# %% [markdown] tags=["lang-ru"]
# ## Задача 7. Дообучение (3 балла)
#
# Сеть, обученная на ImageNet, уже умеет находить края, узоры, глаза и колёса, и на ваших картинках это тоже пригодится. Чужой в ней
# только последний слой, **голова**: она выбирает из тысячи классов ImageNet. Поэтому готовую сеть не учат заново, а **дообучают**
# (по-английски fine-tuning):
#
# 1. создают сеть и загружают в неё веса из файла;
# 2. меняют голову на новую, с нужным числом классов;
# 3. *замораживают* остальное (**тело** сети) и учат только голову. Она пока случайная, и её большие градиенты испортили бы хорошее
#    тело;
# 4. *размораживают* тело и ещё немного учат всю сеть с маленькой скоростью обучения.
#
# Настоящие веса занимают десятки мегабайт, поэтому здесь сеть маленькая: `ReadyNet`. Имена в ней такие же, как у DenseNet из
# `torchvision`: тело лежит в `net.features`, голова, линейный слой, — в `net.classifier`. Напишите четыре функции. Каждая меняет
# сеть `net` и возвращает её же.
#
# - `load_weights(net, path)` загружает в сеть веса из файла `path`. Файл записан командой `torch.save(net.state_dict(), path)`,
#   возможно, на видеокарте; чтобы прочитать его без видеокарты, укажите `map_location="cpu"`.
# - `replace_head(net, num_classes)` ставит вместо головы новый `nn.Linear` на `num_classes` классов, со смещением. Тело не меняется.
#   Сколько чисел голова получает от тела, спросите у старой головы: сети бывают разной ширины.
# - `freeze(net)`: после неё учится только голова, то есть веса и смещения тела градиента не получают.
# - `unfreeze(net)`: после неё снова учится всё.
#
# <details><summary>Подсказка 1</summary><code>torch.load</code> возвращает словарь с тензорами, а в сеть его кладёт
# <code>net.load_state_dict(...)</code>. Что она возвращает? Не сеть!</details>
# <details><summary>Подсказка 2</summary>Параметр учится, пока его <code>requires_grad</code> равен <code>True</code>. У модуля есть
# метод <code>requires_grad_</code>, который меняет это сразу у всех его параметров.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 7. Fine-tuning (3 points)
#
# A network trained on ImageNet can already find edges, patterns, eyes and wheels, and that is of use on your pictures too. Only its
# last layer, the **head**, is of no use: it chooses among the thousand classes of ImageNet. So a ready network is not trained anew,
# it is **fine-tuned**:
#
# 1. make the network, and load weights into it from a file;
# 2. replace the head with a new one with the number of classes that you need;
# 3. *freeze* the rest (the network's **body**) and train the head alone. It is random so far, and its large gradients would spoil
#    the good body;
# 4. *unfreeze* the body, and train the whole network a little more with a small learning rate.
#
# Real weights take dozens of megabytes, so the network here is small: `ReadyNet`. Its names are those of DenseNet in
# `torchvision`: the body is `net.features`, the head, a linear layer, is `net.classifier`. Write four functions. Each of them
# changes the network `net` and returns it.
#
# - `load_weights(net, path)` loads weights from the file `path` into the network. The file was written by
#   `torch.save(net.state_dict(), path)`, perhaps on a GPU; to read it without one, say `map_location="cpu"`.
# - `replace_head(net, num_classes)` puts a new `nn.Linear` for `num_classes` classes, with bias, in place of the head. The body
#   does not change. Ask the old head how many numbers it gets from the body: networks have different widths.
# - `freeze(net)`: after it only the head learns, that is, weights and biases of the body get no gradient.
# - `unfreeze(net)`: after it everything learns again.
#
# <details><summary>Hint 1</summary><code>torch.load</code> returns a dictionary of tensors, and
# <code>net.load_state_dict(...)</code> puts it into the network. What does the latter return? Not the network!</details>
# <details><summary>Hint 2</summary>A parameter learns as long as its <code>requires_grad</code> is <code>True</code>. A module has
# a method <code>requires_grad_</code> that changes it for all its parameters at once.</details>

# %% nbgrader={"grade": false, "grade_id": "task7_ready_net", "locked": true, "schema_version": 3, "solution": false, "task": false}
class ReadyNet(nn.Module):
    """A small network with a body and a head, named as in torchvision's DenseNet.

    Args:
        num_classes: number of classes K.
        channels: maps after each convolution of the body.

    Shape:
        (N, 1, H, W) -> logits (N, num_classes)
    """

    def __init__(self, num_classes, channels=(8, 16)):
        super().__init__()
        self.features, before = nn.Sequential(), 1
        for after in channels:
            self.features.extend([nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)])
            before = after
        self.classifier = nn.Linear(before, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean(dim=(2, 3)))


def ready_net_of(weights):
    """A ReadyNet with these tensors: weight and bias of each convolution, then those of the head."""
    net = ReadyNet(len(weights[-1]), [len(bias) for bias in weights[1:-2:2]])
    with torch.no_grad():
        for parameter, values in zip(net.parameters(), weights):
            parameter.copy_(values)
    return net


# %% nbgrader={"grade": false, "grade_id": "task7_load_weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def load_weights(net, path):
    """Load a network's weights from a file.

    Args:
        net: the network, of the same kind as the one that was saved.
        path: file written by `torch.save(net.state_dict(), path)`.

    Returns:
        nn.Module: the same network
    """
    ### BEGIN SOLUTION
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return net
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task7_replace_head", "locked": false, "schema_version": 3, "solution": true, "task": false}
def replace_head(net, num_classes):
    """Put a new linear layer in place of `net.classifier`.

    Args:
        net: network with a head `net.classifier`.
        num_classes: number of classes of the new head.

    Returns:
        nn.Module: the same network, images (N, 1, H, W) -> logits (N, num_classes)
    """
    ### BEGIN SOLUTION
    net.classifier = nn.Linear(net.classifier.in_features, num_classes)
    return net
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task7_freeze", "locked": false, "schema_version": 3, "solution": true, "task": false}
def freeze(net):
    """Let only the head of a network learn.

    Args:
        net: network with a head `net.classifier`.

    Returns:
        nn.Module: the same network
    """
    ### BEGIN SOLUTION
    net.requires_grad_(False)
    net.classifier.requires_grad_(True)
    return net
    ### END SOLUTION


def unfreeze(net):
    """Let the whole network learn again.

    Args:
        net: network with a head `net.classifier`.

    Returns:
        nn.Module: the same network
    """
    ### BEGIN SOLUTION
    return net.requires_grad_(True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task7_load_weights_answers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Веса из файла / Weights from a file (1 балл / 1 point)
import tempfile


def answers_after_loading(weights, x):
    """Logits of a new network after your load_weights has read these weights from a file."""
    saved = ready_net_of(weights)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/ready_net.pt"
        torch.save(saved.state_dict(), path)
        net = load_weights(ReadyNet(len(weights[-1]), [len(bias) for bias in weights[1:-2:2]]), path)
    found = type(net).__name__
    assert isinstance(net, nn.Module), f"load_weights вернула / returned {found}, ожидалась сеть / expected the network"
    return net(x).detach()


weights, x = [parameter.detach() for parameter in ReadyNet(3, (4, 6)).parameters()], torch.randn(2, 1, 8, 8)
apart = (answers_after_loading(weights, x) - ready_net_of(weights)(x).detach()).abs().max()
mark = "верно / right" if apart < 1e-5 else "НЕВЕРНО / WRONG"
print(f"отличие от сохранённой сети / difference from the saved network: {apart:.6f}  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.densenet import tuning

tuning.loads_the_file(answers_after_loading)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task7_replace_head_answers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Новая голова / A new head (1 балл / 1 point)
def with_new_head(weights, num_classes):
    """Your replace_head of a network with these weights."""
    net = replace_head(ready_net_of(weights), num_classes)
    found = type(net).__name__
    assert isinstance(net, nn.Module), f"replace_head вернула / returned {found}, ожидалась сеть / expected the network"
    return net


def answers_of_a_head_of_ones(weights, num_classes, x):
    """Logits of this network when all weights of its new head are 1 and the biases 0."""
    net = with_new_head(weights, num_classes)
    net(x)  # a lazy layer takes its shape from the first picture
    assert isinstance(net.classifier, nn.Linear), "голова должна быть одним nn.Linear / the head has to be one nn.Linear"
    with torch.no_grad():
        for name, parameter in net.classifier.named_parameters():
            parameter.fill_(1.0 if name == "weight" else 0.0)
    return net(x).detach()


weights, x = [parameter.detach() for parameter in ReadyNet(3, (4, 6)).parameters()], torch.randn(2, 1, 8, 8)
logits = with_new_head(weights, 5)(x)
print(f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (2, 5)")
### BEGIN HIDDEN TESTS
from grader.checks.densenet import tuning

tuning.replaces_the_head(answers_of_a_head_of_ones, with_new_head)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task7_freeze_step", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Заморозить и разморозить / Freeze and unfreeze (1 балл / 1 point)
def answers_after_step(weights, x, labels, has_unfrozen=False):
    """Logits after one training step: behind your freeze, or behind freeze and unfreeze."""
    net = freeze(ready_net_of(weights))
    if has_unfrozen:
        net = unfreeze(net)
    found = type(net).__name__
    assert isinstance(net, nn.Module), f"функция вернула / the function returned {found}, ожидалась сеть / expected the network"
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    if learning:
        F.cross_entropy(net(x), labels).backward()
        torch.optim.SGD(learning, lr=0.5).step()
    return net(x).detach()


net = freeze(ReadyNet(3, (4, 6)))
print("freeze:  ", [name for name, parameter in net.named_parameters() if parameter.requires_grad])
net = unfreeze(net)
print("unfreeze:", [name for name, parameter in net.named_parameters() if parameter.requires_grad])
### BEGIN HIDDEN TESTS
from grader.checks.densenet import tuning

tuning.lets_learn(answers_after_step, has_unfrozen=False)
tuning.lets_learn(answers_after_step, has_unfrozen=True)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Окупается ли дообучение? Пусть «чужая» задача — различать шесть направлений полосок под сильным шумом, и картинок для неё сколько
# угодно. Обученную сеть сохраним в файл. Ваша задача — три других направления, и картинок всего по две на класс. Одну сеть учим с
# нуля, другую дообучаем, а проверяем обе на новых картинках.
#
# С настоящей сетью всё так же. Например, с ResNet-18 из `torchvision`: `net.load_state_dict(torch.load("resnet18.pth"))`, а голову у
# неё зовут `net.fc`. Если в теле есть BatchNorm, запомните: его средние обновляются и в замороженном теле, пока сеть в режиме
# `train()`. Когда картинок мало, переведите тело в `eval()`.

# %% [markdown] tags=["lang-en"]
# Does fine-tuning pay off? Let the "other" task be to tell six directions of stripes apart under strong noise, with as many
# pictures as we like. The trained network is saved to a file. Your task is three further directions, with only two pictures for
# each class. One network is trained from scratch, another one fine-tuned, and both are tested on new pictures.
#
# With a real network it is just the same. ResNet-18 of `torchvision`, for example: `net.load_state_dict(torch.load("resnet18.pth"))`,
# and its head is called `net.fc`. If there is BatchNorm in the body, remember: its means change in a frozen body too, as long as the
# network is in `train()` mode. Where there are few pictures, put the body into `eval()`.

# %%
def directions(degrees, count):
    """Noisy stripes in these directions: pictures (count, 1, 16, 16) and the numbers of the directions (count,)."""
    labels = torch.arange(count) % len(degrees)
    angle = torch.deg2rad(torch.tensor(degrees))[labels].view(-1, 1, 1)
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    waves = torch.sin(1.3 * (torch.cos(angle) * x + torch.sin(angle) * y) + 6.28 * torch.rand(count, 1, 1))
    return (waves + 2 * torch.randn(count, 16, 16)).unsqueeze(1), labels


def fit(net, draw, steps, lr):
    """Train what is not frozen."""
    optimizer = torch.optim.Adam([parameter for parameter in net.parameters() if parameter.requires_grad], lr=lr)
    for _step in range(steps):
        images, labels = draw()
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()
    return net


torch.manual_seed(0)
many = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0)
large = fit(ReadyNet(6), lambda: directions(many, 48), 120, 0.01)
torch.save(large.state_dict(), "stripes.pt")

few, (new_images, new_labels) = directions((15.0, 75.0, 135.0), 6), directions((15.0, 75.0, 135.0), 300)
from_scratch = fit(ReadyNet(3), lambda: few, 60, 0.01)
tuned = freeze(replace_head(load_weights(ReadyNet(6), "stripes.pt"), 3))
fit(tuned, lambda: few, 40, 0.05)
fit(unfreeze(tuned), lambda: few, 20, 0.001)
for name, net in [("с нуля / from scratch:", from_scratch), ("дообучена / fine-tuned:", tuned)]:
    print(name, f"{(net(new_images).argmax(dim=1) == new_labels).float().mean():.0%}")

# %% [markdown] tags=["lang-ru"]
# ## Итоги
#
# Вы собрали все сети, о которых шла речь. Осталось проверить, что от них останется в голове, когда забудутся числа каналов.
# Ответьте на вопросы вслух или на бумаге; баллов за них нет.
#
# 1. Какие бывают архитектуры свёрточных нейросетей? Назовите те, с которыми вы работали, и по одной главной мысли каждой.
# 2. В чём особенность работы с каждой из них? Что вы меняли, когда делали сеть глубже или шире?
# 3. Какая трудность возникает у глубоких свёрточных нейросетей и почему первые слои перестают учиться?
# 4. Какие есть средства от неё и в каких сетях они стоят? Чем отличаются сложение и склейка?
# 5. Вам дали триста фотографий пяти видов бабочек. Какую сеть вы возьмёте и с чего начнёте?

# %% [markdown] tags=["lang-en"]
# ## Summary
#
# You have built all the networks that this course is about. Let us see what of them stays in your head when the numbers of
# channels are forgotten. Answer these questions aloud or on paper; there are no points for them.
#
# 1. Which architectures of convolutional networks are there? Name those that you worked with, and the main idea of each.
# 2. What is special about working with each of them? What did you change to make a network deeper or wider?
# 3. Which difficulty do deep convolutional networks have, and why do their first layers stop learning?
# 4. Which remedies are there, and which networks have them? How do addition and concatenation differ?
# 5. You are given three hundred photographs of five kinds of butterflies. Which network do you take, and how do you begin?

# %% [markdown] tags=["lang-ru"]
# ### Оглянитесь назад
#
# Последние вопросы — о вас. Верных ответов у них нет, нужны честные.
#
# - Что нового вы узнали?
# - Что далось труднее всего?
# - Чего вам не хватает, чтобы разобраться глубже?
# - Достигли ли вы целей, которые ставили себе вначале? Загляните в списки «Вы научитесь» в начале каждой тетради.

# %% [markdown] tags=["lang-en"]
# ### Look back
#
# The last questions are about you. They have no right answers, only honest ones.
#
# - What have you learned that is new?
# - What was hardest?
# - What do you lack for a deeper understanding?
# - Have you reached the aims that you set yourself in the beginning? Look into the lists "You will learn" at the start of each
#   notebook.

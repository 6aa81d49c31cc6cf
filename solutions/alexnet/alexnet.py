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
# # AlexNet: сеть, с которой всё началось
#
# В 2012 году на соревновании ImageNet (1000 классов) победитель промахнулся на 15 % картинок, а ближайший соперник — на 26 %.
# (Промах — это когда верного класса нет среди пяти названных.) Победившую сеть теперь зовут AlexNet, по имени автора — Алекса
# Крижевского. С неё началась эпоха глубоких сетей, и сегодня вы соберёте её сами: все пять свёрток и все три линейных слоя.
#
# **Вы научитесь**
# - вычислять размер карты признаков после свёртки и пулинга, ничего не запуская;
# - собирать свёрточную и линейную части сети и соединять их;
# - ставить dropout туда, где ему место, и помнить, что он работает только при обучении;
# - считать параметры сети двумя способами: по формуле и кодом;
# - объяснять, почему в новых сетях нет свёрток 11×11 с шагом 4.
#
# | Задача | Баллы |
# |---|---|
# | 1. Размер карты признаков | 3 |
# | 2. Свёрточная часть | 4 |
# | 3. Линейная часть | 3 |
# | 4. Вся сеть | 3 |
# | 5. Сколько в ней параметров | 3 |
# | 6. Почему больше не пишут 11×11 (1 балл за код, 2 ставит учитель) | 3 |
# | 7. Вопрос для размышления (проверяет учитель) | 1 |
# | **Всего** | **20** |
#
# Пишите код только там, где стоит `# YOUR CODE HERE`. Проверки сравнивают, *что считает* ваш код, а не то, как он
# написан: имена слоёв, их порядок в `__init__` и стиль выбирайте сами.

# %% [markdown] tags=["lang-en"]
# # AlexNet: the network that started it all
#
# In 2012, in the ImageNet competition (1000 classes), the winner missed 15% of the images, and the next best entry 26%. (A miss
# means that the true class is not among five guesses.) The winning network is now called AlexNet, after its author Alex
# Krizhevsky. The age of deep networks began with it, and today you will build it yourself: all five convolutions and all three
# linear layers.
#
# **You will learn**
# - to work out the size of a feature map after a convolution or a pooling without running anything;
# - to build the convolutional and the linear part of a network, and to join them;
# - to put dropout where it belongs, and to remember that it works only in training;
# - to count the parameters of a network in two ways: by formula and by code;
# - to explain why newer networks have no 11×11 convolutions with stride 4.
#
# | Task | Points |
# |---|---|
# | 1. The size of a feature map | 3 |
# | 2. The convolutional part | 4 |
# | 3. The linear part | 3 |
# | 4. The whole network | 3 |
# | 5. How many parameters it has | 3 |
# | 6. Why nobody writes 11×11 any more (1 point for code, 2 given by the teacher) | 3 |
# | 7. A question to think about (graded by the teacher) | 1 |
# | **Total** | **20** |
#
# Write code only where it says `# YOUR CODE HERE`. The checks compare *what your code computes*, not how it is written:
# the names of the layers, their order in `__init__` and the style are yours.

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn


# %% [markdown] tags=["lang-ru"]
# ## Соревнование длиной в несколько лет
#
# **ImageNet** — огромная база размеченных картинок: около 15 миллионов картинок в 21 тысяче классов. Для ежегодного соревнования
# из неё взяли часть поменьше: почти полтора миллиона картинок и ровно тысячу классов, среди которых больше сотни пород собак.
# На 1,2 миллиона картинок программы учатся, на остальных их проверяют.
#
# Соревнование начали проводить в 2010 году, и два первых победителя были **не нейросетями**: что искать на картинке (края,
# пятна, цвета), придумывали люди, а программа училась только делать из этого вывод. В 2012 году AlexNet одним скачком снизила
# ошибку больше чем на десять процентных пунктов. С тех пор все победители — свёрточные нейросети. На рисунке три сети, о
# которых пойдёт речь в курсе. Человек на таких картинках ошибается примерно в пяти случаях из ста, и ResNet его обогнала.
#
# (Числа на рисунке округлены так, как мы называем их на уроке; у ResNet, если точнее, 3,57 %. В 2014 году VGG была второй, после
# GoogLeNet, тоже свёрточной, но устроена она проще, и запомнилась именно она.)

# %% [markdown] tags=["lang-en"]
# ## A contest of several years
#
# **ImageNet** is a huge database of labelled images: about 15 million images in 21 thousand classes. For a contest held every
# year a smaller part of it was taken: almost one and a half million images and exactly a thousand classes, more than a hundred of
# them breeds of dogs. Programs learn from 1.2 million images and are tested on the others.
#
# The contest began in 2010, and its first two winners were **not neural networks**: people worked out what to look for in an
# image (edges, spots, colours), and the program only learned to draw conclusions from it. In 2012 AlexNet lowered the error by
# more than ten percentage points in one leap. All winners since then have been convolutional networks. The picture shows three
# networks that this course is about. A person is wrong about five in a hundred of these images, and ResNet has overtaken people.
#
# (The numbers in the picture are rounded as we say them in the lesson; ResNet's is 3.57% to be exact. In 2014 VGG came second,
# behind GoogLeNet, which is convolutional too; but VGG is simpler, and it is the one that people remember.)

# %% tags=["illustration"]
def draw_winners(ax_depth, ax_error):
    """Draw the years of the contest: the depth of the networks above, their share of mistakes below."""
    depths = {2012: ("AlexNet", 8), 2014: ("VGG", 19), 2015: ("ResNet", 152)}
    errors = {2010: 28, 2011: 26, 2012: 15, 2014: 7.4, 2015: 3}
    ax_depth.bar(list(depths), [depth for _name, depth in depths.values()], width=0.5, color="#e8c547")
    for year, (name, depth) in depths.items():
        ax_depth.text(year, depth + 5, f"{name}: {depth}", ha="center", va="bottom", fontsize=11, weight="bold")
    ax_depth.text(2010.5, 5, "не нейросети\nnot neural networks", ha="center", va="bottom", fontsize=10, color="#777777")
    ax_depth.set_ylim(0, 185)
    ax_depth.set_ylabel("слоёв\nlayers")
    colors = ["#2a6fbb" if year in depths else "#bbbbbb" for year in errors]
    ax_error.bar(list(errors), list(errors.values()), width=0.5, color=colors)
    for year, error in errors.items():
        is_high = error > 5
        place = {"va": "bottom", "color": "black"} if is_high else {"va": "center", "color": "white", "weight": "bold"}
        ax_error.text(year, error + 0.5 if is_high else error / 2, f"{error:g} %", ha="center", fontsize=11, **place)
    ax_error.axhline(5, color="#c0392b", linestyle="--", linewidth=1.2)
    ax_error.text(2013, 5.6, "человек / a person", ha="center", va="bottom", fontsize=10, color="#c0392b")
    ax_error.set_ylim(0, 34)
    ax_error.set_ylabel("ошибок, %\nerrors, %")
    ax_error.set_xticks(range(2010, 2016))
    for ax in (ax_depth, ax_error):
        ax.spines[["top", "right"]].set_visible(False)


figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5), sharex=True, height_ratios=[1, 1.2], layout="constrained")
draw_winners(above, below)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Зачем знать архитектуры
#
# Слоёв становится всё больше, и понятно зачем: каждый следующий слой собирает из того, что нашли прежние, более сложные узоры —
# из краёв углы и пятна, из пятен глаза и колёса, из глаз морды и лица. Но одним числом слоёв не победить: если просто поставить
# их побольше, сеть учится хуже. Нужны особые приёмы, и о них весь этот курс.
#
# Сеть редко строят с нуля. Обычно берут готовую, ResNet или DenseNet, и обучают на своих картинках: не надо самому подбирать,
# сколько взять слоёв, сколько фильтров в каждом и где поставить пулинг. Но чтобы выбрать сеть, переделать её под свою задачу и
# понять, почему она не учится, надо знать, как она устроена. Поэтому каждую мы соберём сами.

# %% [markdown] tags=["lang-en"]
# ## Why know architectures
#
# There are more and more layers, and with good reason: each further layer combines what the ones before it have found into more
# complex patterns: edges into corners and spots, spots into eyes and wheels, eyes into faces. But the number of layers alone does
# not win: a network that simply has more of them learns worse. It takes tricks, and this whole course is about them.
#
# A network is seldom built from scratch. One usually takes a ready one, ResNet or DenseNet, and trains it on one's own images:
# nobody has to find out how many layers to take, how many filters in each, and where to put pooling. But to choose a network, to
# change it for a task of your own and to see why it does not learn, you have to know how it is made. So we shall build each of
# them ourselves.

# %% [markdown] tags=["lang-ru"]
# ## Что внутри
#
# Цветная картинка 227×227 проходит пять свёрток. Карты признаков становятся всё **меньше**, а каналов — намного **больше**, чем
# вначале: сеть забывает, *где именно* что-то нарисовано, и узнаёт, *что* нарисовано. В конце 256 карт 6×6 вытягиваются в один
# вектор, и три линейных слоя превращают его в 1000 чисел, по одному на класс.
#
# На рисунке высота жёлтого прямоугольника — размер карты, ширина — число каналов. Синим показана линейная часть, там высота
# говорит, сколько чисел в векторе.

# %% [markdown] tags=["lang-en"]
# ## What is inside
#
# A colour image of 227×227 goes through five convolutions. The feature maps get **smaller** and smaller, and there are many
# **more** channels than at the start: the network forgets *where exactly* something is and finds out *what* it is. At the end 256
# maps of 6×6 are flattened into one vector, and three linear layers turn it into 1000 numbers, one for each class.
#
# In the picture the height of a yellow rectangle is the size of the map, its width the number of channels. The linear part is
# blue, and there the height tells how many numbers the vector has.

# %% tags=["illustration"]
def draw_network(ax):
    """Draw the feature maps of AlexNet as rectangles: height is the side of a map, width the number of channels."""
    maps = [
        (3, 227, ""),
        (96, 55, "conv\n11×11\nstride 4"),
        (96, 27, "pool\n3×3\nstride 2"),
        (256, 27, "conv\n5×5"),
        (256, 13, "pool\n3×3\nstride 2"),
        (384, 13, "conv\n3×3"),
        (384, 13, "conv\n3×3"),
        (256, 13, "conv\n3×3"),
        (256, 6, "pool\n3×3\nstride 2"),
    ]
    arrow = {"arrowstyle": "-|>", "color": "#555555"}
    left = 0.0
    for index, (channels, side, label) in enumerate([*maps, *[(width, 0, "linear") for width in (4096, 4096, 1000)]]):
        height, width = (side**0.7, channels**0.5 / 2.5) if side else (channels**0.5 / 2, 2.5)
        if index:
            ax.annotate("", (left + 7.6, 0), (left + 0.4, 0), arrowprops=arrow)
            ax.text(left + 4, 1, label, ha="center", va="bottom", fontsize=10)
            left += 8
        color = "#fff3b0" if side else "#cfe3f7"
        ax.add_patch(plt.Rectangle((left, -height / 2), width, height, facecolor=color, edgecolor="#555555"))
        text = f"{channels} ×\n{side}×{side}" if side else str(channels)
        ax.text(left + width / 2, -height / 2 - 1, text, ha="center", va="top", fontsize=10)
        left += width
    ax.set_xlim(-3, left + 2)
    ax.set_ylim(-30, 24)
    ax.axis("off")


figure, ax = plt.subplots(figsize=(12, 4), layout="constrained")
draw_network(ax)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Размер карты признаков (3 балла)
#
# Какой будет сторона карты после свёртки? Пусть сторона входа $n$, сторона ядра $k$, шаг $s$, а с каждого края добавлено
# $p$ нулей (padding). Ядро встаёт у левого края — это первое место. Дальше оно сдвигается по $s$ клеток, пока помещается.
# До правого края остаётся $n + 2p - k$ клеток, значит, сдвигов будет
# $\left\lfloor \frac{n + 2p - k}{s} \right\rfloor$, а мест на одно больше:
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# Скобки $\lfloor\ \rfloor$ означают округление вниз: последний сдвиг, который не помещается целиком, просто не делается.
# На рисунке ядро из 3 клеток идёт с шагом 2. Слева всё сошлось, справа последняя клетка осталась без внимания.
# Для пулинга формула та же.

# %% [markdown] tags=["lang-en"]
# ## Task 1. The size of a feature map (3 points)
#
# What is the side of the map after a convolution? Let the input have the side $n$, the kernel the side $k$, the stride be
# $s$, and let $p$ zeros be added at every edge (padding). The kernel starts at the left edge: that is its first place. Then it
# moves by $s$ cells as long as it fits. There are $n + 2p - k$ cells left up to the right edge, so it makes
# $\left\lfloor \frac{n + 2p - k}{s} \right\rfloor$ moves, and has one place more:
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# The brackets $\lfloor\ \rfloor$ round down: a last move that does not fit is simply not made. In the picture a kernel of 3
# cells moves with stride 2. On the left everything fits, on the right nobody looks at the last cell. The formula for pooling
# is the same.

# %% tags=["illustration"]
def draw_places(ax, size, kernel, stride):
    """Draw a row of cells and every place of the kernel above it."""
    for cell in range(size):
        ax.add_patch(plt.Rectangle((cell, 0), 1, 1, facecolor="#fff3b0", edgecolor="#555555"))
    for place, start in enumerate(range(0, size - kernel + 1, stride)):
        low = 1.3 + 0.6 * place
        ax.add_patch(plt.Rectangle((start + 0.05, low), kernel - 0.1, 0.5, facecolor="#2a6fbb"))
        ax.text(start + kernel / 2, low + 0.22, str(place + 1), ha="center", va="center", color="white", fontsize=9)
    if (size - kernel) % stride:
        ax.text(size - 0.5, 0.45, "?", ha="center", va="center", fontsize=12)
    ax.set_title(f"n = {size}, k = {kernel}, s = {stride}")
    ax.set_xlim(-0.5, 8.5)
    ax.set_ylim(-0.3, 3.4)
    ax.set_aspect("equal")
    ax.axis("off")


figure, axes = plt.subplots(1, 2, figsize=(10, 3))
draw_places(axes[0], 7, 3, 2)
draw_places(axes[1], 8, 3, 2)
plt.show()


# %% [markdown] tags=["lang-ru"]
# **Первая функция.** `conv_output_size(size, kernel, stride=1, padding=0)` возвращает целое число: сторону карты после
# свёртки или пулинга. Считайте по формуле, без PyTorch.
#
# **Вторая функция.** `alexnet_sizes(size=227)` возвращает список из восьми чисел: сторону карты после каждой из пяти свёрток
# и каждого из трёх пулингов AlexNet, если на входе квадратная картинка со стороной `size`. Сама картинка в список не входит.
#
# | | слой | ядро | шаг | padding |
# |---|---|---|---|---|
# | 1 | свёртка 1 | 11 | 4 | 0 |
# | 2 | пулинг | 3 | 2 | 0 |
# | 3 | свёртка 2 | 5 | 1 | 2 |
# | 4 | пулинг | 3 | 2 | 0 |
# | 5 | свёртка 3 | 3 | 1 | 1 |
# | 6 | свёртка 4 | 3 | 1 | 1 |
# | 7 | свёртка 5 | 3 | 1 | 1 |
# | 8 | пулинг | 3 | 2 | 0 |
#
# Для картинки 227×227 должно получиться 55, 27, 27, 13, 13, 13, 13, 6. А в
# [статье](https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks) написано, что
# картинка 224×224. Когда функция будет готова, посмотрите, что она скажет про 224: сойдётся ли с 55?

# %% [markdown] tags=["lang-en"]
# **The first function.** `conv_output_size(size, kernel, stride=1, padding=0)` returns a whole number: the side of the map
# after a convolution or a pooling. Use the formula, not PyTorch.
#
# **The second function.** `alexnet_sizes(size=227)` returns a list of eight numbers: the side of the map after each of
# AlexNet's five convolutions and three poolings, if the input is a square image with the side `size`. The image itself is not
# in the list.
#
# | | layer | kernel | stride | padding |
# |---|---|---|---|---|
# | 1 | convolution 1 | 11 | 4 | 0 |
# | 2 | pooling | 3 | 2 | 0 |
# | 3 | convolution 2 | 5 | 1 | 2 |
# | 4 | pooling | 3 | 2 | 0 |
# | 5 | convolution 3 | 3 | 1 | 1 |
# | 6 | convolution 4 | 3 | 1 | 1 |
# | 7 | convolution 5 | 3 | 1 | 1 |
# | 8 | pooling | 3 | 2 | 0 |
#
# For an image of 227×227 the result should be 55, 27, 27, 13, 13, 13, 13, 6. The
# [paper](https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks), however, speaks
# of images of 224×224. When your function is ready, see what it says about 224: does that agree with 55?

# %% nbgrader={"grade": false, "grade_id": "task1_conv_output_size", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv_output_size(size, kernel, stride=1, padding=0):
    """Side of the map after a convolution or a pooling.

    Args:
        size: side of the input, n.
        kernel: side of the kernel or of the window, k.
        stride: the step, s.
        padding: zeros added at every edge, p.

    Returns:
        int: the side of the output
    """
    ### BEGIN SOLUTION
    return (size + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task1_conv_output_size_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Формула / Formula (2 балла / 2 points)
found = conv_output_size(7, 3, stride=2)
assert found == 3, f"n=7, k=3, s=2: получилось / found {found}, а на рисунке / in the picture 3"
found = conv_output_size(8, 3, stride=2)
assert found == 3, f"n=8, k=3, s=2: получилось / found {found}, а на рисунке / in the picture 3"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_results
from grader.checks.alexnet.numbers import conv_output_size as right_size
from grader.checks.alexnet.numbers import conv_output_size_mistakes

same_results(conv_output_size, right_size, drawing.windows(), mistakes=conv_output_size_mistakes())
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "task1_alexnet_sizes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def alexnet_sizes(size=227):
    """Sides of AlexNet's maps.

    Args:
        size: side of the image.

    Returns:
        list: eight numbers, in the order of the table
    """
    ### BEGIN SOLUTION
    layers = [(11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2, 0)]
    sizes = []
    for kernel, stride, padding in layers:
        size = conv_output_size(size, kernel, stride, padding)
        sizes.append(size)
    return sizes
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task1_alexnet_sizes_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Размеры всех карт / Sizes of all maps (1 балл / 1 point)
found = alexnet_sizes()
assert found is not None, "функция ничего не вернула / the function returned nothing"
assert len(found) == 8, f"чисел / numbers: {len(found)}, а нужно / expected: 8"
print("227:", list(found))
print("224:", list(alexnet_sizes(224)))
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_results
from grader.checks.alexnet.numbers import alexnet_sizes as right_sizes
from grader.checks.alexnet.numbers import alexnet_sizes_mistakes

same_results(alexnet_sizes, right_sizes, drawing.image_sides(), mistakes=alexnet_sizes_mistakes())
same_results(alexnet_sizes, right_sizes, [()], tell=False)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Видите? При стороне 224 последний сдвиг не помещается, и карта выходит 54×54, а в конце остаётся 5×5 вместо 6×6.
# По-видимому, в статье просто неточность, поэтому в этой тетради картинка **всегда 227×227**.

# %% [markdown] tags=["lang-en"]
# See? With the side 224 the last move does not fit: the map is 54×54, and 5×5 instead of 6×6 is left at the end. The
# paper seems to have a slip there. So in this notebook an image is **always 227×227**.

# %% [markdown] tags=["lang-ru"]
# ## Задача 2. Свёрточная часть (4 балла)
#
# Напишите функцию `make_features(channels)`. Она возвращает модуль, который превращает картинки `(N, 3, 227, 227)` в карты
# `(N, channels[4], 6, 6)`. `channels` — пять чисел: сколько карт даёт каждая из пяти свёрток. У настоящей AlexNet это
# `(96, 256, 384, 384, 256)`, а проверки берут сети поуже, чтобы всё считалось быстро.
#
# | | слои по порядку | карты настоящей AlexNet |
# |---|---|---|
# | 1 | свёртка 11×11, шаг 4, без padding → BatchNorm → ReLU → MaxPool 3×3, шаг 2 | 96 × 55×55 → 96 × 27×27 |
# | 2 | свёртка 5×5, `padding=2` → BatchNorm → ReLU → MaxPool 3×3, шаг 2 | 256 × 27×27 → 256 × 13×13 |
# | 3 | свёртка 3×3, `padding=1` → ReLU | 384 × 13×13 |
# | 4 | свёртка 3×3, `padding=1` → ReLU | 384 × 13×13 |
# | 5 | свёртка 3×3, `padding=1` → ReLU → MaxPool 3×3, шаг 2 | 256 × 13×13 → 256 × 6×6 |
#
# - BatchNorm стоит **только** после первых двух свёрток. В 2012 году его ещё не придумали, и после этих свёрток, за ReLU,
#   стояла другая нормализация (`LocalResponseNorm`); мы её не используем.
# - Смещение (`bias`) у первых двух свёрток — на ваш выбор: BatchNorm всё равно вычтет его вместе со средним. У остальных трёх
#   смещение есть (так PyTorch делает сам, если ничего не указывать).
# - У `nn.MaxPool2d(3)` шаг равен 3! Если нужен шаг 2, напишите `stride=2`.
# - Вернуть можно `nn.Sequential` или объект своего класса.

# %% [markdown] tags=["lang-en"]
# ## Task 2. The convolutional part (4 points)
#
# Write a function `make_features(channels)`. It returns a module that turns images `(N, 3, 227, 227)` into maps
# `(N, channels[4], 6, 6)`. `channels` is five numbers: how many maps each of the five convolutions gives. The real AlexNet has
# `(96, 256, 384, 384, 256)`; the checks take narrower networks, so that everything is fast.
#
# | | layers in order | maps of the real AlexNet |
# |---|---|---|
# | 1 | convolution 11×11, stride 4, no padding → BatchNorm → ReLU → MaxPool 3×3, stride 2 | 96 × 55×55 → 96 × 27×27 |
# | 2 | convolution 5×5, `padding=2` → BatchNorm → ReLU → MaxPool 3×3, stride 2 | 256 × 27×27 → 256 × 13×13 |
# | 3 | convolution 3×3, `padding=1` → ReLU | 384 × 13×13 |
# | 4 | convolution 3×3, `padding=1` → ReLU | 384 × 13×13 |
# | 5 | convolution 3×3, `padding=1` → ReLU → MaxPool 3×3, stride 2 | 256 × 13×13 → 256 × 6×6 |
#
# - BatchNorm follows the first two convolutions **only**. In 2012 it had not been invented yet, and another normalisation
#   followed these convolutions, after the ReLU (`LocalResponseNorm`); we do not use it.
# - Whether the first two convolutions have a `bias` is up to you: BatchNorm subtracts it together with the mean anyway. The
#   other three have one (PyTorch's default).
# - `nn.MaxPool2d(3)` has a stride of 3! For a stride of 2 write `stride=2`.
# - You may return an `nn.Sequential` or an object of a class of your own.

# %% nbgrader={"grade": false, "grade_id": "task2_make_features", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_features(channels):
    """The convolutional part of AlexNet (Krizhevsky et al. 2012, section 3).

    Args:
        channels: number of maps after each of the five convolutions.

    Returns:
        nn.Module: images (N, 3, 227, 227) -> maps (N, channels[4], 6, 6)
    """
    ### BEGIN SOLUTION
    first, second, third, fourth, fifth = channels
    return nn.Sequential(
        nn.Conv2d(3, first, 11, stride=4),
        nn.BatchNorm2d(first),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(first, second, 5, padding=2),
        nn.BatchNorm2d(second),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(second, third, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(third, fourth, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(fourth, fifth, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
    )
    ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# Пропустите картинку через настоящую, широкую сеть и сравните формы с таблицей: эта ячейка печатает каждый слой, через который
# прошла картинка (кроме функций вроде `F.relu`: они не слои). Баллов за неё нет.

# %% [markdown] tags=["lang-en"]
# Send an image through the real, wide network and compare the shapes with the table: this cell prints every layer that the
# image goes through (except functions such as `F.relu`: they are not layers). There are no points for it.

# %%
def print_shapes(module, x):
    """Print the output shape of every layer."""

    def tell(layer, _inputs, output):
        print(f"{type(layer).__name__:12} {tuple(output.shape)}")

    layers = [layer for layer in module.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(tell) for layer in layers]
    with torch.no_grad():
        module(x)
    for hook in hooks:
        hook.remove()


print_shapes(make_features((96, 256, 384, 384, 256)), torch.randn(1, 3, 227, 227))

# %% nbgrader={"grade": true, "grade_id": "task2_make_features_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
features = make_features((4, 6, 8, 10, 12))
assert isinstance(features, nn.Module), f"нужен модуль, а не / expected a module, not {type(features).__name__}"
output = features(torch.randn(2, 3, 227, 227))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
print(f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 12, 6, 6)")
assert output.shape[:2] == (2, 12), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 12, 6, 6)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing
from grader.checks.alexnet.mistakes import features_shape_matches

features_shape_matches(make_features, tuple(drawing.numbers(5, 2, 14, 2)), [(227, 227)])
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_make_features_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает свёрточная часть / What the convolutional part computes (2 балла / 2 points)
output = make_features((4, 6, 8, 10, 12))(torch.randn(2, 3, 227, 227))
assert output.min() >= 0, "есть отрицательные числа, а после ReLU и пулинга в конце их не бывает / there are negative numbers, and behind ReLU and pooling at the end there are none"
### BEGIN HIDDEN TESTS
from grader.checks import drawing
from grader.checks.alexnet.network import alexnet_images
from grader.checks.alexnet.mistakes import features_match

channels = drawing.alexnet_channels()
features_match(make_features(channels), channels, alexnet_images(4, brightness=10))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_make_features_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты / Gradients (1 балл / 1 point)
features = make_features((4, 6, 8, 10, 12))
features(torch.randn(2, 3, 227, 227)).sum().backward()
unreached = [name for name, parameter in features.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, drawing, gradients_reach_every_parameter
from grader.checks.alexnet.network import alexnet_images
from grader.checks.alexnet.mistakes import features_match

channels, x = drawing.alexnet_channels(), alexnet_images(3, brightness=10)
does_not_change_its_input(make_features(channels), x)
gradients_reach_every_parameter(make_features(channels), x)
features_match(make_features(channels), channels, x, gradients=True)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Dropout: учимся не надеяться на соседа
#
# В линейных слоях AlexNet десятки миллионов параметров, и без особых мер сеть просто выучила бы обучающие картинки наизусть, а
# на новых ошибалась бы: это называется **переобучением**. Авторы применили новый тогда приём — **dropout**: на каждом шаге
# обучения каждое число на выходе слоя обнуляется с вероятностью $p = 0{,}5$. Нейрон больше не может надеяться на какого-то одного
# соседа и учится быть полезным сам по себе.
#
# Чтобы среднее осталось прежним, уцелевшие числа делятся на $1 - p$, то есть при $p = 0{,}5$ удваиваются. А когда сеть не
# учится, а работает (режим `eval()`), dropout не делает ничего:

# %% [markdown] tags=["lang-en"]
# ## Dropout: learning not to rely on one's neighbour
#
# AlexNet's linear layers have tens of millions of parameters, and left alone the network would simply learn the training images
# by heart and be wrong on new ones: that is called **overfitting**. The authors used a trick that was new then, **dropout**: in
# every training step each number in a layer's output is set to zero with probability $p = 0.5$. A neuron can no longer rely on
# one particular neighbour, and learns to be useful by itself.
#
# So that the mean stays the same, the numbers that survive are divided by $1 - p$: with $p = 0.5$ they double. And when the
# network does not learn but works (`eval()` mode), dropout does nothing:

# %%
dropout = nn.Dropout(0.5)
x = torch.ones(12)
print("train():", dropout.train()(x).tolist())
print("train():", dropout.train()(x).tolist())
print("eval(): ", dropout.eval()(x).tolist())


# %% [markdown] tags=["lang-ru"]
# ## Задача 3. Линейная часть (3 балла)
#
# Напишите функцию `make_classifier(in_features, hidden, num_classes)`. Она возвращает модуль, который превращает векторы
# `(N, in_features)` в `(N, num_classes)`:
#
# линейный слой → ReLU → Dropout(0.5) → линейный слой → ReLU → Dropout(0.5) → линейный слой.
#
# Первые два линейных слоя дают по `hidden` чисел (у настоящей AlexNet 4096), последний — `num_classes`; у каждого есть
# смещение. После последнего слоя нет ни ReLU, ни dropout, ни softmax: функция потерь `nn.CrossEntropyLoss` ждёт «сырые» числа.
#
# В `torchvision` dropout стоит *перед* первыми двумя линейными слоями, а у нас — *после* них. Если вместо слоя `nn.Dropout` вы
# вызываете функцию, передайте ей режим: `F.dropout(x, 0.5, training=self.training)`. Иначе она будет обнулять числа всегда.

# %% [markdown] tags=["lang-en"]
# ## Task 3. The linear part (3 points)
#
# Write a function `make_classifier(in_features, hidden, num_classes)`. It returns a module that turns vectors
# `(N, in_features)` into `(N, num_classes)`:
#
# linear layer → ReLU → Dropout(0.5) → linear layer → ReLU → Dropout(0.5) → linear layer.
#
# The first two linear layers give `hidden` numbers each (4096 in the real AlexNet), the last one `num_classes`; each has a bias.
# After the last layer there is no ReLU, no dropout and no softmax: the loss `nn.CrossEntropyLoss` expects raw numbers.
#
# In `torchvision` dropout stands *before* the first two linear layers; ours stands *after* them. If you call the function
# instead of the layer `nn.Dropout`, tell it the mode: `F.dropout(x, 0.5, training=self.training)`. Otherwise it drops numbers
# all the time.

# %% nbgrader={"grade": false, "grade_id": "task3_make_classifier", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_classifier(in_features, hidden, num_classes):
    """The linear part of AlexNet.

    Args:
        in_features: numbers per example in the input.
        hidden: numbers per example after the first and after the second linear layer.
        num_classes: number of classes K.

    Returns:
        nn.Module: (N, in_features) -> logits (N, num_classes)
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(hidden, num_classes),
    )
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task3_make_classifier_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает линейная часть / What the linear part computes (2 балла / 2 points)
classifier = make_classifier(20, 16, 10)
assert isinstance(classifier, nn.Module), f"нужен модуль, а не / expected a module, not {type(classifier).__name__}"
logits = classifier.eval()(torch.randn(5, 20))
found = type(logits).__name__
assert isinstance(logits, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert logits.shape == (5, 10), f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (5, 10)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, output_has_shape, repeats_itself_in_evaluation, same_function
from grader.checks.alexnet.network import alexnet_classifier
from grader.checks.alexnet.mistakes import classifier_mistakes

(classes,) = drawing.numbers(1, 3, 40)
output_has_shape(make_classifier(18, 12, classes), torch.randn(1, 18), shape=(1, classes))
output_has_shape(make_classifier(18, 12, 1), torch.randn(3, 18), shape=(3, 1))
x = torch.randn(6, 18)
repeats_itself_in_evaluation(make_classifier(18, 12, 7), x)
same_function(
    make_classifier(18, 12, 7), alexnet_classifier(18, 12, 7), x, suspects=classifier_mistakes(18, 12, 7), training=False
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_make_classifier_dropout", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Dropout (1 балл / 1 point)
classifier, x = make_classifier(20, 200, 10), torch.randn(1, 20)
first, second = classifier.eval()(x), classifier.eval()(x)
assert torch.equal(first, second), "в режиме eval() два ответа разные: dropout надо выключить / two answers differ in eval() mode: dropout must be off"
first, second = classifier.train()(x), classifier.train()(x)
assert not torch.equal(first, second), "в режиме train() два ответа одинаковы: dropout не работает / two answers agree in train() mode: no dropout at work"
### BEGIN HIDDEN TESTS
from grader.checks import dropout_rates
from grader.checks.alexnet.network import DROPOUT, alexnet_classifier

dropout_rates(make_classifier(40, 32, 32), alexnet_classifier(40, 32, 32), torch.rand(512, 40) + 0.5, DROPOUT)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 4. Вся сеть (3 балла)
#
# Соберите класс `AlexNet(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096)`. Картинки проходят свёрточную часть,
# карты каждой картинки вытягиваются в один вектор, и он идёт в линейную часть. На входе картинки `(N, 3, 227, 227)`, на выходе
# числа `(N, num_classes)`.
#
# - Сколько чисел получает первый линейный слой? Последний пулинг отдаёт `channels[4]` карт 6×6. У настоящей AlexNet это
#   $256 \cdot 6 \cdot 6 = 9216$, но в проверках каналов меньше, поэтому числа 9216 в коде быть не должно.
# - Вытягивайте через `flatten(1)`. С `view(-1, 9216)` ошибка в размере может молча изменить число картинок в батче, а
#   `squeeze()` выбросит ось батча, если картинка одна.

# %% [markdown] tags=["lang-en"]
# ## Task 4. The whole network (3 points)
#
# Build the class `AlexNet(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096)`. Images go through the
# convolutional part, the maps of each image are flattened into one vector, and it goes into the linear part. The input is
# images `(N, 3, 227, 227)`, the output numbers `(N, num_classes)`.
#
# - How many numbers does the first linear layer get? The last pooling gives `channels[4]` maps of 6×6. In the real AlexNet that
#   is $256 \cdot 6 \cdot 6 = 9216$, but there are fewer channels in the checks, so the number 9216 must not be in your code.
# - Flatten with `flatten(1)`. With `view(-1, 9216)` a wrong size may silently change the number of images in the batch, and
#   `squeeze()` throws away the axis of the batch if there is one image.

# %% nbgrader={"grade": false, "grade_id": "task4_alexnet", "locked": false, "schema_version": 3, "solution": true, "task": false}
class AlexNet(nn.Module):
    """AlexNet with BatchNorm (Krizhevsky et al. 2012).

    Args:
        num_classes: number of classes K.
        channels: number of maps after each of the five convolutions.
        hidden: numbers per example after the first and after the second linear layer.

    Shape:
        (N, 3, 227, 227) -> logits (N, num_classes)
    """

    def __init__(self, num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        ### BEGIN SOLUTION
        self.features = make_features(channels)
        self.classifier = make_classifier(channels[4] * 6 * 6, hidden, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.classifier(self.features(x).flatten(1))
        ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# Настоящая AlexNet занимает четверть гигабайта. Но чтобы проверить формы, память не нужна: на устройстве `meta` PyTorch следит
# только за формами тензоров, а чисел не хранит. Поэтому следующая ячейка срабатывает мгновенно.

# %% [markdown] tags=["lang-en"]
# The real AlexNet takes a quarter of a gigabyte. But checking shapes needs no memory: on the device `meta` PyTorch only keeps
# track of the shapes of the tensors and stores no numbers. So the next cell takes no time.

# %%
with torch.device("meta"):
    print(AlexNet()(torch.empty(2, 3, 227, 227)).shape)


# %% nbgrader={"grade": true, "grade_id": "task4_alexnet_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Формы и размер сети / Shapes and size of the network (1 балл / 1 point)
def probe_features(channels):
    """Stands in for your make_features: what is wrong there costs nothing here."""
    widths = [3, *channels]
    return nn.Sequential(nn.AdaptiveAvgPool2d(6), *(nn.Conv2d(a, b, 1) for a, b in zip(widths, widths[1:])))


def probe_classifier(in_features, hidden, num_classes):
    """Stands in for your make_classifier."""
    return nn.Sequential(nn.Linear(in_features, hidden), nn.Tanh(), nn.Linear(hidden, num_classes))


def net_of_probes(*sizes, **named_sizes):
    """Your AlexNet, made of the two above."""
    global make_features, make_classifier
    own = globals().get("make_features"), globals().get("make_classifier")
    make_features, make_classifier = probe_features, probe_classifier
    try:
        return AlexNet(*sizes, **named_sizes)
    finally:
        make_features, make_classifier = own


def output_shapes(*sizes):
    """Shapes of your net's output: made of your own parts, and of the two above."""
    shapes, errors = [], []
    for build in (AlexNet, net_of_probes):
        try:
            shapes.append(tuple(build(*sizes).eval()(torch.randn(2, 3, 227, 227)).shape))
        except Exception as error:
            errors.append(error)
    if not shapes:
        raise errors[0]
    return shapes


def full_size_weights(build=None):
    """Number of weights of the full AlexNet: without biases, and without BatchNorm."""
    with torch.device("meta"):
        net = (build or AlexNet)()
        net(torch.empty(2, 3, 227, 227))
    return sum(parameter.numel() for parameter in net.parameters() if parameter.dim() > 1)


def full_size_weights_of_probes():
    """The same with the two parts from above."""
    return full_size_weights(net_of_probes)


is_module = not isinstance(AlexNet, type) or issubclass(AlexNet, nn.Module)
assert is_module, "класс AlexNet должен наследовать nn.Module / the class AlexNet has to inherit from nn.Module"
output_shapes(10, (4, 6, 8, 10, 12), 32)
### BEGIN HIDDEN TESTS
from grader.checks import drawing, judged_by_itself, same_value
from grader.checks.alexnet.mistakes import alexnet_has_shape
from grader.checks.alexnet.network import FULL_SIZE_OF_PROBES
from grader.checks.alexnet.numbers import full_size_weights_match

many, few = drawing.numbers(2, 3, 40)


def shapes_are_right(build):
    alexnet_has_shape(build(many, (2, 4, 6, 8, 64), 11), torch.randn(4, 3, 227, 227), shape=(4, many))
    alexnet_has_shape(build(few, (4, 6, 8, 2, 10), 11), torch.randn(1, 3, 227, 227), shape=(1, few))
    alexnet_has_shape(build(channels=(2, 4, 6, 8, 10), hidden=11, num_classes=1), torch.randn(2, 3, 227, 227), shape=(2, 1))


def whole():
    shapes_are_right(AlexNet)
    full_size_weights_match(full_size_weights())


def with_probes():
    shapes_are_right(net_of_probes)
    same_value(full_size_weights_of_probes(), FULL_SIZE_OF_PROBES)


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_alexnet_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Вся сеть / The whole network (2 балла / 2 points)
shapes = output_shapes(10, (4, 6, 8, 10, 12), 32)
assert (2, 10) in shapes, f"форма / shape: {shapes[0]}, ожидалась / expected: (2, 10)"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, dropout_rates, judged_by_itself, repeats_itself_in_evaluation, same_function
from grader.checks.alexnet.network import DROPOUT, alexnet, alexnet_images, alexnet_of_probes
from grader.checks.alexnet.mistakes import alexnet_mistakes

channels = drawing.alexnet_channels()
sizes, wide = (9, channels, 14), (512, channels, 512)
x = alexnet_images(4, brightness=10)


def whole():
    repeats_itself_in_evaluation(AlexNet(*sizes), x)
    same_function(AlexNet(*sizes), alexnet(*sizes), x, suspects=alexnet_mistakes(*sizes), training=False)
    dropout_rates(AlexNet(*wide), alexnet(*wide), alexnet_images(12), DROPOUT)


def with_probes():
    same_function(net_of_probes(*sizes), alexnet_of_probes(*sizes), x)


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 5. Сколько в ней параметров (3 балла)
#
# Параметры — это числа, которые сеть подбирает при обучении. Посчитайте их двумя способами: сначала на бумаге, потом кодом.
#
# - **Свёртка.** Чтобы получить один выходной канал, нужно ядро $k \times k$ для каждого входного канала и одно смещение.
# - **Линейный слой.** Каждое выходное число — это сумма всех входных, умноженных каждое на свой вес, плюс смещение.
# - **BatchNorm** для каждого канала учит множитель и сдвиг. Ещё он хранит среднее и дисперсию (`running_mean`, `running_var`),
#   но не учит их, а вычисляет, поэтому параметрами они не считаются.
#
# **5а. По формуле, один слой.** Напишите три функции; они возвращают целые числа:
# - `conv_parameters(in_channels, out_channels, kernel, bias=True)`;
# - `linear_parameters(in_features, out_features)`, со смещением;
# - `norm_parameters(channels)`.
#
# **5б. По формуле, вся сеть.** `alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096)` возвращает
# число параметров сети из задачи 4. Саму сеть не создавайте, только посчитайте. Пусть смещение есть у **каждой** свёртки.
#
# **5в. Кодом.** `count_parameters(module)` возвращает число параметров любого модуля.
#
# <details><summary>Подсказка</summary>В <code>module.parameters()</code> лежат все тензоры параметров, а
# <code>tensor.numel()</code> говорит, сколько в тензоре чисел.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 5. How many parameters it has (3 points)
#
# Parameters are the numbers that a network finds in training. Count them in two ways: first on paper, then by code.
#
# - **Convolution.** One output channel takes a kernel of $k \times k$ for each input channel, and one bias.
# - **Linear layer.** Each output number is a weighted sum of all input numbers, plus a bias.
# - **BatchNorm** learns a factor and a shift for each channel. It also keeps a mean and a variance (`running_mean`,
#   `running_var`), but these are computed, not learned, and do not count as parameters.
#
# **5a. By formula, one layer.** Write three functions; they return whole numbers:
# - `conv_parameters(in_channels, out_channels, kernel, bias=True)`;
# - `linear_parameters(in_features, out_features)`, with bias;
# - `norm_parameters(channels)`.
#
# **5b. By formula, the whole network.** `alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096)`
# returns the number of parameters of the network of task 4. Do not build the network, just calculate. Let **every**
# convolution have a bias.
#
# **5c. By code.** `count_parameters(module)` returns the number of parameters of any module.
#
# <details><summary>Hint</summary><code>module.parameters()</code> has all tensors of parameters, and
# <code>tensor.numel()</code> says how many numbers there are in a tensor.</details>

# %% nbgrader={"grade": false, "grade_id": "task5_layer_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv_parameters(in_channels, out_channels, kernel, bias=True):
    """Number of parameters of a convolution with a kernel x kernel window."""
    ### BEGIN SOLUTION
    weights = out_channels * in_channels * kernel**2
    return weights + out_channels if bias else weights
    ### END SOLUTION


def linear_parameters(in_features, out_features):
    """Number of parameters of a linear layer with bias."""
    ### BEGIN SOLUTION
    return (in_features + 1) * out_features
    ### END SOLUTION


def norm_parameters(channels):
    """Number of parameters of a BatchNorm."""
    ### BEGIN SOLUTION
    return 2 * channels
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task5_layer_parameters_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Один слой / One layer (1 балл / 1 point)
for name, found, layer in [
    ("conv_parameters(3, 96, 11)", conv_parameters(3, 96, 11), nn.Conv2d(3, 96, 11)),
    ("linear_parameters(10, 5)", linear_parameters(10, 5), nn.Linear(10, 5)),
    ("norm_parameters(96)", norm_parameters(96), nn.BatchNorm2d(96)),
]:
    assert found is not None, f"{name}: функция ничего не вернула / the function returned nothing"
    print(name, "=", found, "PyTorch:", sum(parameter.numel() for parameter in layer.parameters()))
### BEGIN HIDDEN TESTS
from grader.checks.alexnet import numbers as alexnet_numbers
from grader.checks import drawing, same_results

same_results(
    conv_parameters,
    alexnet_numbers.conv_parameters,
    drawing.convolutions(),
    mistakes=alexnet_numbers.conv_parameters_mistakes(),
)
same_results(
    linear_parameters,
    alexnet_numbers.linear_parameters,
    drawing.linear_layers(),
    mistakes=alexnet_numbers.linear_parameters_mistakes(),
)
same_results(
    norm_parameters,
    alexnet_numbers.norm_parameters,
    [(channels,) for channels in drawing.numbers(3, 3, 999)],
    mistakes=alexnet_numbers.norm_parameters_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "task5_alexnet_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def alexnet_parameters(num_classes=1000, channels=(96, 256, 384, 384, 256), hidden=4096):
    """Number of parameters of AlexNet, by hand; every convolution has a bias.

    Args:
        num_classes: number of classes K.
        channels: number of maps after each of the five convolutions.
        hidden: numbers per example after the first and after the second linear layer.

    Returns:
        int: the number of parameters
    """
    ### BEGIN SOLUTION
    first, second, third, fourth, fifth = channels
    convolutions = (
        conv_parameters(3, first, 11)
        + conv_parameters(first, second, 5)
        + conv_parameters(second, third, 3)
        + conv_parameters(third, fourth, 3)
        + conv_parameters(fourth, fifth, 3)
    )
    norms = norm_parameters(first) + norm_parameters(second)
    linear = (
        linear_parameters(fifth * 6 * 6, hidden) + linear_parameters(hidden, hidden) + linear_parameters(hidden, num_classes)
    )
    return convolutions + norms + linear
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task5_alexnet_parameters_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Число параметров всей сети / Number of parameters of the whole network (1 балл / 1 point)
found = alexnet_parameters()
assert found is not None, "функция ничего не вернула / the function returned nothing"
print(f"{found:,}".replace(",", " "))
assert 62_000_000 < found < 63_000_000, "должно быть больше 62 и меньше 63 миллионов / expected: between 62 and 63 million"
### BEGIN HIDDEN TESTS
from grader.checks.alexnet import numbers as alexnet_numbers
from grader.checks import drawing, same_results

mistakes = alexnet_numbers.alexnet_parameters_mistakes()
alexnet_numbers.counts_without_building(alexnet_parameters, drawing.alexnets(), mistakes)
same_results(alexnet_parameters, alexnet_numbers.alexnet_parameters, [()], tell=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "task5_count_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(module):
    """Number of parameters of a module, all layers together."""
    ### BEGIN SOLUTION
    return sum(parameter.numel() for parameter in module.parameters())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task5_count_parameters_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Счёт кодом / Counting by code (1 балл / 1 point)
class ProbeNet(nn.Module):
    """Layers of several kinds; one of them lies deeper than the others."""

    def __init__(self, channels, width):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.head = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Linear(channels, width)))


def count_of_probe(channels, width):
    """Your count for ProbeNet."""
    return count_parameters(ProbeNet(channels, width))


found = count_parameters(nn.Linear(10, 5))
assert found == 55, f"nn.Linear(10, 5): получилось / found {found}, ожидалось / expected 55"
### BEGIN HIDDEN TESTS
from grader.checks.alexnet import numbers as alexnet_numbers
from grader.checks import drawing, same_results

same_results(
    count_of_probe,
    lambda channels, width: 27 * channels + 2 * channels + (channels + 1) * width,
    [tuple(drawing.numbers(2, 4, 60)) for _net in range(3)],
    mistakes=alexnet_numbers.count_parameters_mistakes(alexnet_numbers.counted_probe),
)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Сошлись ли два способа? И где живут все эти миллионы? (Если у ваших первых двух свёрток нет смещения, код насчитает на 352
# меньше: $96 + 256$.)

# %% [markdown] tags=["lang-en"]
# Do the two ways agree? And where do all these millions live? (If your first two convolutions have no bias, the code counts 352
# fewer: $96 + 256$.)

# %%
with torch.device("meta"):
    by_code = count_parameters(AlexNet())
print(f"на бумаге / by hand: {alexnet_parameters():,}".replace(",", " "))
print(f"кодом / by code:     {by_code:,}".replace(",", " "))

millions = {
    "conv 1": conv_parameters(3, 96, 11),
    "conv 2": conv_parameters(96, 256, 5),
    "conv 3": conv_parameters(256, 384, 3),
    "conv 4": conv_parameters(384, 384, 3),
    "conv 5": conv_parameters(384, 256, 3),
    "linear 1": linear_parameters(256 * 6 * 6, 4096),
    "linear 2": linear_parameters(4096, 4096),
    "linear 3": linear_parameters(4096, 1000),
}
figure, ax = plt.subplots(figsize=(8, 3))
colors = ["#e8c547"] * 5 + ["#2a6fbb"] * 3
bars = ax.barh(list(millions), [count / 1e6 for count in millions.values()], color=colors)
ax.bar_label(bars, fmt="%.2f", padding=3)
ax.invert_yaxis()
ax.set_xlim(0, 43)
ax.set_xlabel("параметры, млн / parameters, millions")
plt.show()

# %% [markdown] tags=["lang-ru"]
# ## Задача 6. Почему больше не пишут 11×11 (3 балла)
#
# Уже через год первую свёртку 11×11 с шагом 4 стали заменять: сначала на 7×7 с шагом 2, потом на несколько 3×3. На это
# есть две причины. Первую видно на рисунке.
#
# Слева — тонкие полоски. Ядро 11×11 настроено как раз на них. В середине то, что оно видит с шагом 1: полоски на месте. Справа
# то же самое с шагом 4: ядро смотрит слишком редко, и вместо тонких полосок появляются **широкие, которых на картинке
# нет**, да ещё и с другим наклоном. По той же причине колёса в кино иногда будто бы крутятся назад.

# %% [markdown] tags=["lang-en"]
# ## Task 6. Why nobody writes 11×11 any more (3 points)
#
# Only a year later people began to replace the first convolution, 11×11 with stride 4: at first by 7×7 with stride 2, later by
# several 3×3. There are two reasons. You can see the first one in the picture.
#
# On the left are thin stripes. An 11×11 kernel is tuned to just these. In the middle is what it sees with stride 1: the
# stripes are there. On the right is the same with stride 4: the kernel looks too rarely, and instead of thin stripes there are
# **wide ones that are not in the image**, and they lean another way too. For the same reason wheels sometimes seem to turn
# backwards in films.

# %%
rows, columns = torch.meshgrid(torch.arange(131.0), torch.arange(131.0), indexing="ij")
stripes = torch.cos(2 * torch.pi * (columns + 0.35 * rows) / 4.7)
y, x = torch.meshgrid(torch.arange(-5.0, 6.0), torch.arange(-5.0, 6.0), indexing="ij")
kernel = torch.cos(2 * torch.pi * (x + 0.35 * y) / 4.7) * torch.exp(-(x**2 + y**2) / 18)
figure, axes = plt.subplots(1, 3, figsize=(13, 4.2))
for ax, title, picture in [
    (axes[0], "полоски / stripes", stripes[5:-5, 5:-5]),
    (axes[1], "conv 11×11, stride 1", F.conv2d(stripes[None, None], kernel[None, None])[0, 0]),
    (axes[2], "conv 11×11, stride 4", F.conv2d(stripes[None, None], kernel[None, None], stride=4)[0, 0]),
]:
    ax.imshow(picture, cmap="gray", extent=(0, 121, 121, 0))
    ax.set_title(title)
    ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# Вторая причина — в параметрах. Свёртка 3×3 видит квадрат 3×3. Если поставить за ней ещё одну (шаг у обеих 1), вместе они увидят
# 5×5: каждая следующая свёртка 3×3 добавляет по пикселю с каждого края. Значит, большой квадрат можно рассмотреть
# стопкой маленьких свёрток.
#
# Напишите функцию `stack_weights(side, channels)`: она возвращает, сколько **весов** (без смещений) в стопке свёрток 3×3 с
# шагом 1, которые вместе видят квадрат `side`×`side`. У каждой свёртки `channels` входных и `channels` выходных каналов; `side`
# — нечётное число, не меньше 3.

# %% [markdown] tags=["lang-en"]
# The second reason is the parameters. A 3×3 convolution sees a square of 3×3. Put another one after it (both with stride 1),
# and together they see 5×5: each further 3×3 convolution adds a pixel at every edge. So a stack of small convolutions can look
# at a large square.
#
# Write a function `stack_weights(side, channels)`: it returns how many **weights** (without biases) there are in a stack of 3×3
# convolutions with stride 1 that together see a square of `side`×`side`. Each convolution has `channels` input and `channels`
# output channels; `side` is an odd number, at least 3.

# %% nbgrader={"grade": false, "grade_id": "task6_stack_weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stack_weights(side, channels):
    """Number of weights in a stack of 3x3 convolutions that together see side x side pixels.

    Args:
        side: side of the square, odd, at least 3.
        channels: input and output channels of each convolution.

    Returns:
        int: the number of weights, without biases
    """
    ### BEGIN SOLUTION
    depth = (side - 1) // 2
    return depth * 3 * 3 * channels * channels
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task6_stack_weights_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Стопка маленьких свёрток / A stack of small convolutions (1 балл / 1 point)
found = stack_weights(3, 1)
assert found == 9, (
    f"одна свёртка 3×3, один канал / one 3×3 convolution, one channel: получилось / found {found}, ожидалось / expected 9"
)
for side in (5, 7, 11):
    large, small = (f"{count:,}".replace(",", " ") for count in (side**2 * 96**2, stack_weights(side, 96)))
    print(f"{side}×{side}: одна свёртка / one convolution: {large}, 3×3: {small}")
### BEGIN HIDDEN TESTS
from grader.checks.alexnet import numbers as alexnet_numbers
from grader.checks import drawing, same_results

same_results(
    stack_weights,
    alexnet_numbers.stack_weights,
    drawing.stacks(),
    mistakes=alexnet_numbers.stack_weights_mistakes(),
)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# **Объясните своими словами** (2 балла, проверяет учитель): чем плоха свёртка 11×11 с шагом 4 в начале сети и чем её лучше
# заменить? Назовите две причины; сравните числа из вашей функции. 3–5 предложений.

# %% [markdown] tags=["lang-en"]
# **Explain in your own words** (2 points, graded by the teacher): what is bad about an 11×11 convolution with stride 4 at the
# beginning of a network, and what is a better choice? Name two reasons; compare the numbers from your function. 3 to 5
# sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_discussion", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Во-первых, шаг 4 сразу уменьшает картинку в четыре раза, и мелкие детали теряются: тонкие полоски между местами ядра не видны
# или превращаются в ложные широкие. Во-вторых, одно большое ядро невыгодно: на квадрат 11×11 при одинаковом числе каналов C
# уходит 121 C² весов, а стопка из пяти свёрток 3×3 видит тот же квадрат за 45 C². К тому же между пятью свёртками стоят пять
# ReLU вместо одного, и стопка может выразить более сложные признаки. Поэтому теперь берут несколько свёрток 3×3, а картинку
# уменьшают постепенно, с шагом 2 или пулингом.
#
# First, a stride of 4 makes the image four times smaller at once, and fine detail is lost: thin stripes fall between the places
# of the kernel or turn into false wide ones. Second, one large kernel is a bad bargain: with the same number of channels C it
# takes 121 C² weights to see 11×11, and a stack of five 3×3 convolutions sees the same square with 45 C². Besides, the stack
# has five ReLUs instead of one, so it can express more complex features. That is why people now take several 3×3 convolutions
# and make the image smaller step by step, with stride 2 or pooling.

# %% [markdown] tags=["lang-ru"]
# ## Задача 7. Подумайте (1 балл)
#
# Посмотрите на диаграмму из задачи 5. Почему авторы поставили dropout именно в линейную часть? И что случится, если перед
# проверкой на новых картинках забыть вызвать `net.eval()`? (2–4 предложения.)

# %% [markdown] tags=["lang-en"]
# ## Task 7. Think (1 point)
#
# Look at the chart of task 5. Why did the authors put dropout into the linear part of all places? And what happens if you
# forget to call `net.eval()` before testing on new images? (2 to 4 sentences.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "task7_discussion", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# В трёх линейных слоях 58,6 из 62,4 миллиона параметров, то есть около 94 %: именно они легче всего заучивают картинки
# наизусть, и dropout им мешает. Без `eval()` dropout продолжит обнулять половину чисел, а BatchNorm — считать среднее по
# текущему батчу, поэтому ответы станут случайными и в среднем хуже: для одной и той же картинки сеть может дважды ответить
# по-разному.
#
# The three linear layers hold 58.6 of 62.4 million parameters, about 94%: they are the ones that learn images by heart most
# easily, and dropout keeps them from it. Without `eval()` dropout goes on zeroing half of the numbers, and BatchNorm takes the
# mean of the current batch, so the answers become random and worse on average: the network may answer twice in different ways
# about one image.

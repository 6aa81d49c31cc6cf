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
# # VGG: много маленьких свёрток
#
# Первая свёртка AlexNet смотрела на картинку через окно 11×11, вторая — на карты первой через окно 5×5. В 2014 году в
# Оксфорде, в группе Visual Geometry Group, решили проверить, что будет, если взять только самые маленькие окна, 3×3, зато
# много. Такое окно сдвигается на один пиксель и не пропускает **мелких деталей**, через которые большое окно с шагом 4
# перешагивает.
#
# Получилась VGG: сеть, в которой похожие блоки идут друг за другом, как вагоны поезда. У AlexNet такого порядка не было: каждая
# свёртка особенная, и непонятно, куда вставить ещё одну. А поезд легко сделать длиннее или короче, поэтому у VGG сразу
# несколько вариантов, и с ней удобно ставить опыты. Соберём её целиком.
#
# **Вы научитесь**
# - находить, какую часть картинки видит одно число на карте признаков, и считать, сколько параметров это стоит;
# - писать блок VGG: несколько свёрток 3×3 и пулинг;
# - собирать VGG-11, 13, 16 и 19 одним и тем же кодом по короткой таблице и проверять себя по числу параметров.
#
# | Задача | Баллы |
# |---|---|
# | 1. Две свёртки 3×3 против одной 5×5 | 3 |
# | 2. Блок VGG | 5 |
# | 3. Таблица сети и размеры карт | 2 |
# | 4. Три линейных слоя | 3 |
# | 5. VGG целиком | 4 |
# | 6. Вопросы для размышления (проверяет учитель) | 3 |
# | **Всего** | **20** |
#
# Пишите код только там, где стоит `# YOUR CODE HERE`. Проверки сравнивают, *что считает* ваш код, а не то, как он
# написан: имена слоёв, их порядок и стиль выбирайте сами. Имена функций и их аргументы оставьте как есть.

# %% [markdown] tags=["lang-en"]
# # VGG: many small convolutions
#
# The first convolution of AlexNet looked at the picture through a window of 11×11, the second at the first one's maps through
# 5×5. In 2014 the Visual Geometry Group in Oxford wanted to know what happens with the smallest windows only, 3×3, and many of
# them. Such a window moves by one pixel and does not miss the **fine details** that a large one with stride 4 steps over.
#
# The result was VGG: a network in which similar blocks follow each other like the carriages of a train. AlexNet had no such
# order: each of its convolutions is a special case, and it is not clear where to put one more. A train is easily made longer or
# shorter, so VGG has several variants from the start, and is handy for experiments. Let us build all of it.
#
# **You will learn**
# - to find out which part of the picture one number of a feature map sees, and how many parameters that costs;
# - to write VGG's block: a few 3×3 convolutions and a pooling;
# - to build VGG-11, 13, 16 and 19 with the same code from a short table, and to check yourself by numbers of parameters.
#
# | Task | Points |
# |---|---|
# | 1. Two 3×3 convolutions against one 5×5 | 3 |
# | 2. VGG's block | 5 |
# | 3. The table of a network, and the sizes of its maps | 2 |
# | 4. Three linear layers | 3 |
# | 5. The whole VGG | 4 |
# | 6. Questions to think about (graded by the teacher) | 3 |
# | **Total** | **20** |
#
# Write code only where it says `# YOUR CODE HERE`. The checks compare *what your code computes*, not how it is written: the
# names of the layers, their order and the style are yours. Keep the names of the functions and their arguments.

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn


# %% [markdown] tags=["lang-ru"]
# ## Что видит одно число
#
# Возьмём одно число на карте признаков и спросим: от каких пикселей картинки оно зависит? Эти пиксели образуют квадрат — его
# **рецептивное поле**. После одной свёртки 3×3 ответ ясен: 3×3. А если за ней стоит ещё одна?
#
# Можно не гадать, а спросить у PyTorch: пиксель влияет на число, если производная числа по этому пикселю не равна нулю.
# На рисунке — эти производные для свёрток с шагом 1, у которых все веса равны единице. Каждая производная показывает, сколькими
# путями можно дойти от пикселя до числа.

# %% [markdown] tags=["lang-en"]
# ## What one number sees
#
# Take one number of a feature map and ask: on which pixels of the picture does it depend? They form a square, its
# **receptive field**. After one 3×3 convolution the answer is clear: 3×3. And what if another one follows?
#
# There is no need to guess, PyTorch can tell: a pixel matters if the derivative of the number with respect to that pixel is
# not zero. The figure shows these derivatives for convolutions with stride 1 whose weights are all equal to one. Each derivative
# says how many paths lead from the pixel to the number.

# %% tags=["illustration"]
def paths_to_the_centre(depth, kernel_size, size=11):
    """Derivatives of the central output by every pixel: `depth` convolutions whose weights are all ones."""
    pixels = torch.zeros(1, 1, size, size, requires_grad=True)
    maps = pixels
    for _ in range(depth):
        maps = F.conv2d(maps, torch.ones(1, 1, kernel_size, kernel_size), padding=kernel_size // 2)
    maps[0, 0, size // 2, size // 2].backward()
    return pixels.grad[0, 0].int()


figure, axes = plt.subplots(1, 4, figsize=(13, 3.4))
for ax, (depth, kernel_size) in zip(axes, [(1, 3), (2, 3), (1, 5), (3, 3)]):
    paths = paths_to_the_centre(depth, kernel_size)
    ax.imshow(paths > 0, cmap="Blues", vmax=2)
    for row, column in paths.nonzero().tolist():
        ax.text(column, row, int(paths[row, column]), ha="center", va="center", fontsize=8)
    ax.set_title(f"{depth} × conv {kernel_size}×{kernel_size}")
    ax.set_xticks(torch.arange(12) - 0.5, [])
    ax.set_yticks(torch.arange(12) - 0.5, [])
    ax.grid(color="#cccccc")
    ax.tick_params(length=0)
plt.show()

# %% [markdown] tags=["lang-ru"]
# Две свёртки 3×3 видят столько же, сколько одна 5×5, а три — сколько одна 7×7. Но обходится это по-разному. Сравним, сколько
# параметров у цепочки свёрток 3×3 и у одной большой свёртки с тем же рецептивным полем, если каналов всюду 64.

# %% [markdown] tags=["lang-en"]
# Two 3×3 convolutions see as much as one 5×5, three see as much as one 7×7. But the price differs. Compare the number of
# parameters of a chain of 3×3 convolutions with that of one large convolution of the same receptive field, 64 channels
# everywhere.

# %% tags=["illustration"]
fields = [3, 5, 7, 9, 11]
one_large = [sum(p.numel() for p in nn.Conv2d(64, 64, field).parameters()) for field in fields]
one_small = sum(p.numel() for p in nn.Conv2d(64, 64, 3).parameters())
many_small = [one_small * number for number in range(1, len(fields) + 1)]
figure, ax = plt.subplots(figsize=(8, 3.6))
ax.bar([field - 0.35 for field in fields], one_large, width=0.7, color="#e0a458", label="1 × conv k×k")
ax.bar([field + 0.35 for field in fields], many_small, width=0.7, color="#2a6fbb", label="n × conv 3×3")
ax.set_xticks(fields, [f"{field}×{field}" for field in fields])
ax.set_xlabel("рецептивное поле / receptive field")
ax.set_ylabel("параметры / parameters")
ax.yaxis.set_major_formatter(lambda number, _tick: f"{number:,.0f}".replace(",", " "))
ax.legend()
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Две свёртки 3×3 против одной 5×5 (3 балла)
#
# Напишите две функции.
#
# - `receptive_field(depth, kernel_size=3)` — сторона рецептивного поля после `depth` свёрток `kernel_size`×`kernel_size`
#   подряд. Шаг у всех равен 1, а сторона окна может быть и чётной. Например, `receptive_field(2)` — это 5.
# - `stack_parameters(channels, depth, kernel_size=3)` — сколько параметров у этих `depth` свёрток вместе, **с весами и
#   смещениями**. На входе и на выходе каждой свёртки `channels` каналов.
#
# Выведите формулы на бумаге: посмотрите, сколько пикселей прибавляет к полю каждая следующая свёртка и сколько весов и смещений
# нужно, чтобы посчитать один выходной канал. Слои создавать не надо.
#
# <details><summary>Подсказка 1</summary>Окно 3×3 добавляет к полю по одному пикселю с каждой стороны. А окно 5×5?</details>
# <details><summary>Подсказка 2</summary>Каждый выходной канал смотрит на все входные каналы, и у него одно смещение.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 1. Two 3×3 convolutions against one 5×5 (3 points)
#
# Write two functions.
#
# - `receptive_field(depth, kernel_size=3)`: the side of the receptive field after `depth` convolutions
#   `kernel_size`×`kernel_size` in a row. All of them have stride 1, and the side of the window may be even too. For example,
#   `receptive_field(2)` is 5.
# - `stack_parameters(channels, depth, kernel_size=3)`: how many parameters these `depth` convolutions have together,
#   **weights and biases**. Each of them takes `channels` channels and gives `channels` channels.
#
# Find the formulas on paper: see how many pixels each further convolution adds to the field, and how many weights and biases it
# takes to compute one output channel. There is no need to make any layers.
#
# <details><summary>Hint 1</summary>A window of 3×3 adds one pixel to the field on each side. And one of 5×5?</details>
# <details><summary>Hint 2</summary>Each output channel looks at all input channels, and has one bias.</details>

# %% nbgrader={"grade": false, "grade_id": "task1_receptive_field", "locked": false, "schema_version": 3, "solution": true, "task": false}
def receptive_field(depth, kernel_size=3):
    """Side of the square of pixels on which one number depends.

    Args:
        depth: number of convolutions in a row, all with stride 1.
        kernel_size: side of their windows.

    Returns:
        int: side in pixels.
    """
    ### BEGIN SOLUTION
    return 1 + depth * (kernel_size - 1)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task1_stack_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stack_parameters(channels, depth, kernel_size=3):
    """Number of weights and biases in a chain of convolutions.

    Args:
        channels: channels before and after each convolution.
        depth: number of convolutions.
        kernel_size: side of their windows.

    Returns:
        int: number of parameters of the whole chain.
    """
    ### BEGIN SOLUTION
    weights = kernel_size * kernel_size * channels * channels
    return depth * (weights + channels)
    ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# ### Проверки задачи 1
#
# Видимую часть каждой проверки можно запускать сколько угодно раз и тут же исправлять код. Скрытая часть выполнится, когда вы
# сдадите тетрадь.

# %% [markdown] tags=["lang-en"]
# ### Checks of task 1
#
# You can run the visible part of each check as often as you like and correct your code at once. The hidden part runs after you
# hand the notebook in.

# %% nbgrader={"grade": true, "grade_id": "task1_receptive_field_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Рецептивное поле / Receptive field (1 балл / 1 point)
for depth, expected in [(1, 3), (2, 5), (3, 7)]:
    found = receptive_field(depth)
    assert found == expected, f"{depth} × 3×3: {found}, на рисунке / in the picture: {expected}"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_results
from grader.checks.vgg.numbers import receptive_field as right_field
from grader.checks.vgg.numbers import receptive_field_mistakes

same_results(receptive_field, right_field, drawing.receptive_fields(), mistakes=receptive_field_mistakes())
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_stack_parameters_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Число параметров: сравниваем с настоящими слоями / Number of parameters, compared with real layers (2 балла / 2 points)
layers = nn.Sequential(nn.Conv2d(6, 6, 3), nn.Conv2d(6, 6, 3))
expected = sum(parameter.numel() for parameter in layers.parameters())
found = stack_parameters(6, 2)
assert found == expected, f"2 × conv 3×3, 6 каналов / channels: {found}, PyTorch: {expected}"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_results
from grader.checks.vgg.numbers import stack_parameters as right_parameters
from grader.checks.vgg.numbers import stack_parameters_mistakes

same_results(stack_parameters, right_parameters, drawing.plain_stacks(), mistakes=stack_parameters_mistakes())
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 2. Блок VGG (5 баллов)
#
# Блок VGG — это несколько свёрток 3×3 подряд и один пулинг в конце. Свёртки с `padding=1` не меняют размер карты, пулинг
# уменьшает его вдвое.
#
# Напишите функцию `vgg_block(depth, in_channels, out_channels, batch_norm=False)`. Она возвращает модуль, например
# `nn.Sequential`:
#
# - `depth` раз: свёртка 3×3 с шагом 1 и `padding=1` → BatchNorm (если `batch_norm=True`) → ReLU. Первая свёртка переводит
#   `in_channels` каналов в `out_channels`, остальные оставляют `out_channels`;
# - в самом конце, один раз: `nn.MaxPool2d(2)`. Если сторона карты нечётная, последняя строка или столбец отбрасываются — MaxPool
#   делает это сам.
#
# У свёрток есть смещение (`bias`): так PyTorch делает сам, если ничего не указывать. Перед BatchNorm смещение ничего не меняет,
# поэтому при `batch_norm=True` его можно и оставить, и убрать. Вместо функции можно написать класс с тем же именем и теми же
# аргументами.
#
# <details><summary>Подсказка 1</summary>Складывайте слои в список в цикле, а в конце верните
# <code>nn.Sequential(*layers)</code>.</details>
# <details><summary>Подсказка 2</summary>Каждая свёртка — новый объект. Если повторить в списке один и тот же, веса у всех
# будут общие.</details>
# <details><summary>Подсказка 3</summary>Что надо изменить в переменной <code>in_channels</code> после первой
# свёртки?</details>

# %% [markdown] tags=["lang-en"]
# ## Task 2. VGG's block (5 points)
#
# A block of VGG is a few 3×3 convolutions in a row, and one pooling at its end. Convolutions with `padding=1` keep the size of
# the map, the pooling halves it.
#
# Write a function `vgg_block(depth, in_channels, out_channels, batch_norm=False)`. It returns a module, for example an
# `nn.Sequential`:
#
# - `depth` times: convolution 3×3 with stride 1 and `padding=1` → BatchNorm (if `batch_norm=True`) → ReLU. The first convolution
#   turns `in_channels` channels into `out_channels`, the others keep `out_channels`;
# - at the very end, once: `nn.MaxPool2d(2)`. If the side of the map is odd, the last row or column is left out: MaxPool does so
#   by itself.
#
# The convolutions have a `bias`, which is PyTorch's default. Before BatchNorm it changes nothing, so with `batch_norm=True` you
# may keep it or leave it out. Instead of a function you may write a class with the same name and the same arguments.
#
# <details><summary>Hint 1</summary>Collect the layers in a list inside a loop, and return
# <code>nn.Sequential(*layers)</code> at the end.</details>
# <details><summary>Hint 2</summary>Each convolution is a new object. If the list repeats one and the same object, the weights
# are shared.</details>
# <details><summary>Hint 3</summary>What has to change in the variable <code>in_channels</code> after the first
# convolution?</details>

# %% nbgrader={"grade": false, "grade_id": "task2_vgg_block", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vgg_block(depth, in_channels, out_channels, batch_norm=False):
    """A few 3x3 convolutions with ReLU, then a max pooling (Simonyan, Zisserman 2014, section 2.1).

    Args:
        depth: number of convolutions, at least 1.
        in_channels: channels of the input.
        out_channels: channels of the output, and of everything between.
        batch_norm: put a BatchNorm between each convolution and its ReLU.

    Returns:
        nn.Module: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2)
    """
    ### BEGIN SOLUTION
    layers = []
    for _ in range(depth):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU())
        in_channels = out_channels
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
    ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# ### Проверки задачи 2

# %% [markdown] tags=["lang-en"]
# ### Checks of task 2

# %% nbgrader={"grade": true, "grade_id": "task2_vgg_block_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Форма выхода / Shape of the output (1 балл / 1 point)
block = vgg_block(2, 3, 8)
assert block is not None, "функция ничего не вернула / the function returned nothing"
output = block(torch.randn(2, 3, 16, 16))
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"блок вернул {found}, а нужен тензор / the block returned {found}, not a tensor"
hints = {4: "MaxPool один раз, после цикла / MaxPool once, after the loop", 6: "padding=1?", 16: "MaxPool?"}
hint = hints.get(output.shape[-1], "")
assert output.shape == (2, 8, 8, 8), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 8, 8, 8). {hint}"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, output_has_shape
from grader.checks.vgg.block import halves_the_picture

for channels, (depth, size) in zip(drawing.numbers(4, 4, 14), [(1, 16), (2, 16), (3, 33), (4, 32)]):
    halves_the_picture(vgg_block(depth, 3, channels), depth, torch.randn(2, 3, size, size), channels=channels)
halves_the_picture(vgg_block(3, 6, 6, True), 3, torch.randn(1, 6, 24, 24), channels=6)
output_has_shape(vgg_block(2, 5, 3), torch.randn(1, 5, 12, 21), shape=(1, 3, 6, 10))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_vgg_block_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает блок / What the block computes (2 балла / 2 points)
block = vgg_block(2, 3, 8)
assert block is not None, "функция ничего не вернула / the function returned nothing"
output = block(torch.randn(2, 3, 16, 16))
assert output.min() >= 0, (
    "есть отрицательные числа: после последней свёртки нужен ReLU / "
    "there are negative numbers: a ReLU belongs after the last convolution"
)
weights = [tuple(parameter.shape) for parameter in block.parameters() if parameter.dim() == 4]
assert sorted(weights) == [(8, 3, 3, 3), (8, 8, 3, 3)], (
    f"веса свёрток / weights of the convolutions: {weights}, ожидались / expected: (8, 3, 3, 3), (8, 8, 3, 3)"
)
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.vgg.block import vgg_block as right_block
from grader.checks.vgg.block import vgg_block_mistakes

for sizes in [(1, 5, 8), (2, 4, 7), (4, 6, 6), (3, 8, 5)]:
    x = 10 * torch.randn(4, sizes[1], 13, 10)  # ReLU6 differs above 6
    same_function(vgg_block(*sizes), right_block(*sizes), x, suspects=vgg_block_mistakes(*sizes), gradients=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_vgg_block_batch_norm", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Блок с BatchNorm / Block with BatchNorm (1 балл / 1 point)
def norms_in(module):
    """Number of BatchNorms, your own ones too: each keeps a mean and a variance."""
    kept = [*module.buffers(), *(value for part in module.modules() for value in vars(part).values())]
    return sum(isinstance(value, torch.Tensor) and value.numel() > 1 for value in kept) // 2


block = vgg_block(3, 4, 8, True)
assert block is not None, "функция ничего не вернула / the function returned nothing"
block(torch.randn(2, 4, 16, 16))
norms = norms_in(block)
assert norms == 3, f"BatchNorm: {norms}, ожидалось по одному на свёртку / expected one for each convolution: 3"
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.vgg.block import vgg_block as right_block
from grader.checks.vgg.block import vgg_block_mistakes

for sizes in [(1, 5, 8, True), (2, 3, 8, True), (4, 6, 6, True)]:
    x = torch.randn(4, sizes[1], 12, 12)
    same_function(vgg_block(*sizes), right_block(*sizes), x, suspects=vgg_block_mistakes(*sizes), gradients=False)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task2_vgg_block_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты / Gradients (1 балл / 1 point)
block = vgg_block(2, 3, 8)
assert block is not None, "функция ничего не вернула / the function returned nothing"
block(torch.randn(2, 3, 16, 16)).sum().backward()
unreached = [name for name, parameter in block.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, gradients_match, gradients_reach_every_parameter
from grader.checks.vgg.block import vgg_block as right_block
from grader.checks.vgg.block import vgg_block_mistakes

for sizes in [(2, 6, 8, False), (2, 8, 8, True)]:
    x = torch.randn(4, sizes[1], 12, 12)
    does_not_change_its_input(vgg_block(*sizes), x)
    gradients_reach_every_parameter(vgg_block(*sizes), x)
    gradients_match(vgg_block(*sizes), right_block(*sizes), x, suspects=vgg_block_mistakes(*sizes))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Путь картинки через VGG
#
# VGG — это пять блоков подряд, на входе цветная картинка 224×224. После каждого блока сторона карты вдвое меньше. Каналов после
# первого блока 64, дальше вдвое больше с каждым блоком, пока их не станет 512. Сеть постепенно меняет «где» на «что»: карты
# становятся маленькими, но каждая точка на них рассказывает о своём куске картинки всё больше. На рисунке VGG-11: над каждой
# стопкой карт подписан их размер, под ним — число каналов; последний столбец — три линейных слоя.

# %% [markdown] tags=["lang-en"]
# ## The picture's way through VGG
#
# VGG is five blocks in a row, and its input is a colour picture of 224×224. After each block the side of the map is halved. There
# are 64 channels after the first block, and each further one doubles them until there are 512. Step by step the network trades
# "where" for "what": the maps get small, but every position says more and more about its piece of the picture. The figure shows
# VGG-11: over each stack of maps stands their size, below it the number of channels; the last column is the three linear layers.

# %% tags=["illustration"]
maps = [(224, 3), (112, 64), (56, 128), (28, 256), (14, 512), (7, 512)]
figure, ax = plt.subplots(figsize=(11, 4))
left = 0.0
for index, (side, channels) in enumerate(maps):
    width, height = 0.05 * channels**0.5 + 0.12, side**0.5 / 5
    ax.add_patch(plt.Rectangle((left, -height / 2), width, height, facecolor="#cfe3f7", edgecolor="#2a6fbb"))
    ax.text(left + width / 2, height / 2 + 0.15, f"{side}×{side}\n{channels}", ha="center", va="bottom")
    left += width
    if index < 5:
        depth = [1, 1, 2, 2, 2][index]
        ax.annotate("", (left + 1.2, 0), (left + 0.1, 0), arrowprops={"arrowstyle": "-|>", "color": "#555555"})
        ax.text(left + 0.65, -0.2, f"{depth} × conv\nmax pool", ha="center", va="top", fontsize=9)
        left += 1.3
ax.annotate("", (left + 1.2, 0), (left + 0.1, 0), arrowprops={"arrowstyle": "-|>", "color": "#555555"})
ax.text(left + 0.65, -0.2, "flatten", ha="center", va="top", fontsize=9)
ax.text(left + 1.35, 0, "7·7·512 = 25 088\n↓\n4096\n↓\n4096\n↓\n1000", ha="left", va="center")
ax.set_xlim(-0.5, left + 3.2)
ax.set_ylim(-2.0, 2.6)
ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 3. Таблица сети и размеры карт (2 балла)
#
# Все VGG устроены одинаково, отличается только число свёрток в блоках. Вот таблица 1 из
# [статьи](https://arxiv.org/abs/1409.1556), в которой стёрлось несколько чисел:
#
# | | блок 1 | блок 2 | блок 3 | блок 4 | блок 5 |
# |---|---|---|---|---|---|
# | каналы | 64 | 128 | 256 | 512 | 512 |
# | VGG-11 | 1 | 1 | 2 | 2 | 2 |
# | VGG-13 | 2 | 2 | 2 | 2 | 2 |
# | VGG-16 | 2 | 2 | ? | ? | ? |
# | VGG-19 | 2 | 2 | ? | ? | ? |
#
# Восстановить их помогут две подсказки: число в названии — это сколько в сети свёрток и линейных слоёв вместе (линейных всегда
# три), а в последних трёх блоках свёрток поровну.
#
# - `vgg_config(number)` принимает 11, 13, 16 или 19 и возвращает список из пяти пар `(число свёрток, каналы)`. Для VGG-11 он
#   начинается с `(1, 64), (1, 128)`.
# - `map_sizes(image_size, blocks=5)` возвращает список сторон карт после каждого из `blocks` блоков. Для картинки 224×224 это
#   `[112, 56, 28, 14, 7]`. Числа целые: помните, что делает MaxPool с нечётной стороной.

# %% [markdown] tags=["lang-en"]
# ## Task 3. The table of a network, and the sizes of its maps (2 points)
#
# All VGGs are built alike, only the number of convolutions in the blocks differs. Here is table 1 of
# [the paper](https://arxiv.org/abs/1409.1556), in which a few numbers have faded:
#
# | | block 1 | block 2 | block 3 | block 4 | block 5 |
# |---|---|---|---|---|---|
# | channels | 64 | 128 | 256 | 512 | 512 |
# | VGG-11 | 1 | 1 | 2 | 2 | 2 |
# | VGG-13 | 2 | 2 | 2 | 2 | 2 |
# | VGG-16 | 2 | 2 | ? | ? | ? |
# | VGG-19 | 2 | 2 | ? | ? | ? |
#
# Two clues help to restore them: the number in the name counts the network's convolutions and linear layers together (there
# are always three linear ones), and the last three blocks have equally many convolutions.
#
# - `vgg_config(number)` takes 11, 13, 16 or 19 and returns a list of five pairs `(number of convolutions, channels)`. For VGG-11
#   it begins with `(1, 64), (1, 128)`.
# - `map_sizes(image_size, blocks=5)` returns a list with the side of the map after each of the `blocks` blocks. For a picture of
#   224×224 it is `[112, 56, 28, 14, 7]`. The numbers are whole: remember what MaxPool does with an odd side.

# %% nbgrader={"grade": false, "grade_id": "task3_vgg_config", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vgg_config(number):
    """The blocks of a VGG (Simonyan, Zisserman 2014, table 1).

    Args:
        number: 11, 13, 16 or 19.

    Returns:
        list: five pairs (number of convolutions, channels).
    """
    ### BEGIN SOLUTION
    depths = {11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}
    return list(zip(depths[number], [64, 128, 256, 512, 512]))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task3_map_sizes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def map_sizes(image_size, blocks=5):
    """Sides of the maps after each block.

    Args:
        image_size: side of the picture in pixels.
        blocks: number of blocks.

    Returns:
        list: one whole number for each block.
    """
    ### BEGIN SOLUTION
    sizes = []
    for _ in range(blocks):
        image_size = image_size // 2
        sizes.append(image_size)
    return sizes
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task3_vgg_config_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Таблица сети / Table of the network (1 балл / 1 point)
for number in [11, 13, 16, 19]:
    config = vgg_config(number)
    assert config is not None, "функция ничего не вернула / the function returned nothing"
    assert len(config) == 5, f"VGG-{number}: блоков / blocks: {len(config)}, ожидалось / expected: 5"
    found = sum(depth for depth, channels in config) + 3
    assert found == number, f"VGG-{number}: свёртки + 3 линейных слоя / convolutions + 3 linear layers = {found}, а не / not {number}"
### BEGIN HIDDEN TESTS
from grader.checks import same_results
from grader.checks.vgg.numbers import vgg_config as right_config

same_results(vgg_config, right_config, [(11,), (13,), (16,), (19,)], tell=False)  # the table of the paper
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_map_sizes_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Размеры карт / Sizes of the maps (1 балл / 1 point)
found = map_sizes(224)
assert found is not None, "функция ничего не вернула / the function returned nothing"
found = list(found)
assert found == [112, 56, 28, 14, 7], f"224 -> {found}, ожидалось / expected: [112, 56, 28, 14, 7]"
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_results
from grader.checks.vgg.numbers import map_sizes as right_sizes
from grader.checks.vgg.numbers import map_sizes_mistakes

same_results(map_sizes, right_sizes, drawing.map_sides(), mistakes=map_sizes_mistakes())
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 4. Три линейных слоя (3 балла)
#
# После пяти блоков остаются 512 карт 7×7. Их вытягивают в строку из 25 088 чисел, и решение принимают три линейных слоя.
#
# Напишите функцию `vgg_classifier(in_features, hidden, num_classes)`, которая возвращает модуль:
#
# 1. `in_features` → `hidden`, затем ReLU, затем Dropout с вероятностью 0,5;
# 2. `hidden` → `hidden`, затем ReLU, затем Dropout с вероятностью 0,5;
# 3. `hidden` → `num_classes`, и больше ничего: softmax применит функция потерь.
#
# У каждого линейного слоя есть смещение. У настоящей VGG `hidden = 4096`. На вход приходит тензор формы (N, `in_features`).

# %% [markdown] tags=["lang-en"]
# ## Task 4. Three linear layers (3 points)
#
# After five blocks there are 512 maps of 7×7. They are laid out in a row of 25,088 numbers, and three linear layers make the
# decision.
#
# Write a function `vgg_classifier(in_features, hidden, num_classes)` that returns a module:
#
# 1. `in_features` → `hidden`, then ReLU, then Dropout with probability 0.5;
# 2. `hidden` → `hidden`, then ReLU, then Dropout with probability 0.5;
# 3. `hidden` → `num_classes`, and nothing else: the loss applies the softmax.
#
# Each linear layer has a bias. The real VGG has `hidden = 4096`. The input is a tensor of shape (N, `in_features`).

# %% nbgrader={"grade": false, "grade_id": "task4_vgg_classifier", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vgg_classifier(in_features, hidden, num_classes):
    """The three linear layers at the end of VGG.

    Args:
        in_features: numbers that come from the last block.
        hidden: width of the two layers between.
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


# %% nbgrader={"grade": true, "grade_id": "task4_classifier_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Слои и ReLU между ними / Layers, and ReLU between them (2 балла / 2 points)
classifier = vgg_classifier(12, 16, 5)
assert classifier is not None, "функция ничего не вернула / the function returned nothing"
logits = classifier(torch.randn(3, 12))
assert logits.shape == (3, 5), f"форма / shape: {tuple(logits.shape)}, ожидалась / expected: (3, 5)"
found = sum(parameter.numel() for parameter in classifier.parameters())
assert found == 565, f"число параметров / number of parameters: {found}, ожидалось / expected: 565"
### BEGIN HIDDEN TESTS
from grader.checks import same_function
from grader.checks.vgg.network import vgg_classifier as right_classifier
from grader.checks.vgg.network import vgg_classifier_mistakes

for sizes in [(14, 20, 7), (18, 18, 18)]:
    same_function(
        vgg_classifier(*sizes),
        right_classifier(*sizes),
        10 * torch.randn(6, sizes[0]),
        suspects=vgg_classifier_mistakes(*sizes),
        training=False,
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_classifier_dropout", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Dropout: случайный, пока сеть учится, и выключенный потом / Dropout: random in training, switched off afterwards (1 балл / 1 point)
classifier, x = vgg_classifier(12, 64, 5), torch.randn(3, 12)
assert not torch.equal(classifier(x), classifier(x)), "в режиме train() dropout не работает / no dropout in train() mode"
classifier.eval()
assert torch.equal(classifier(x), classifier(x)), "в режиме eval() dropout лишний / dropout in eval() mode"
### BEGIN HIDDEN TESTS
from grader.checks import dropout_rates
from grader.checks.vgg.network import DROPOUT
from grader.checks.vgg.network import vgg_classifier as right_classifier

sizes = (40, 32, 32)
dropout_rates(vgg_classifier(*sizes), right_classifier(*sizes), torch.rand(512, 40) + 0.5, DROPOUT)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 5. VGG целиком (4 балла)
#
# Осталось соединить части. Напишите класс `VGG(config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096)`:
#
# 1. блоки по таблице `config` — списку пар `(число свёрток, каналы)`. Первый блок получает картинку с 3 каналами, каждый
#    следующий — каналы предыдущего. Пар может быть сколько угодно, не обязательно пять. `batch_norm` передайте всем блокам;
# 2. последние карты каждой картинки вытягиваются в строку. Картинки квадратные, `image_size`×`image_size`; сторону последней
#    карты вы считали в задаче 3. Никакого пулинга, кроме того, что уже есть в блоках, не нужно;
# 3. три линейных слоя с ReLU и Dropout, как в задаче 4; в первых двух по `hidden` нейронов.
#
# Пригодятся ваши функции из задач 2–4, но можно написать всё и заново. Если всё верно, числа параметров совпадут
# с опубликованными:
#
# | | без BatchNorm | с BatchNorm |
# |---|---|---|
# | VGG-11 | 132 863 336 | 132 868 840 |
# | VGG-13 | 133 047 848 | 133 053 736 |
# | VGG-16 | 138 357 544 | 138 365 992 |
# | VGG-19 | 143 667 240 | 143 678 248 |
#
# (С BatchNorm, если у свёрток `bias=False`, параметров чуть меньше: 132 866 088, 133 050 792, 138 361 768, 143 672 744.)
#
# <details><summary>Подсказка 1</summary>Сколько чисел в последних картах, если каналов <code>c</code>, а сторона
# <code>s</code>?</details>
# <details><summary>Подсказка 2</summary>После каждого блока запоминайте, сколько каналов он отдал.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 5. The whole VGG (4 points)
#
# What is left is to join the parts. Write a class `VGG(config, num_classes=1000, batch_norm=False, image_size=224,
# hidden=4096)`:
#
# 1. blocks by the table `config`, a list of pairs `(number of convolutions, channels)`. The first block gets a picture with 3
#    channels, each further one the channels of the one before. There may be any number of pairs, not only five. Pass
#    `batch_norm` on to all blocks;
# 2. the last maps of each picture are laid out in a row. Pictures are square, `image_size`×`image_size`; you found the side of
#    the last map in task 3. There is no pooling besides the one in the blocks;
# 3. three linear layers with ReLU and Dropout, as in task 4; the first two have `hidden` neurons.
#
# Your functions from tasks 2 to 4 will help, but you may also write everything anew. If all is right, the numbers of
# parameters are the published ones:
#
# | | without BatchNorm | with BatchNorm |
# |---|---|---|
# | VGG-11 | 132,863,336 | 132,868,840 |
# | VGG-13 | 133,047,848 | 133,053,736 |
# | VGG-16 | 138,357,544 | 138,365,992 |
# | VGG-19 | 143,667,240 | 143,678,248 |
#
# (With BatchNorm and convolutions with `bias=False` there are slightly fewer: 132,866,088, 133,050,792, 138,361,768,
# 143,672,744.)
#
# <details><summary>Hint 1</summary>How many numbers are there in the last maps, with <code>c</code> channels and side
# <code>s</code>?</details>
# <details><summary>Hint 2</summary>After each block remember how many channels it gave.</details>

# %% nbgrader={"grade": false, "grade_id": "task5_vgg", "locked": false, "schema_version": 3, "solution": true, "task": false}
class VGG(nn.Module):
    """VGG (Simonyan, Zisserman 2014, section 2 and table 1).

    Args:
        config: pairs (number of convolutions, channels), one for each block.
        num_classes: number of classes K.
        batch_norm: use BatchNorm in the blocks.
        image_size: side S of the pictures.
        hidden: width of the first two linear layers.

    Shape:
        (N, 3, S, S) -> logits (N, num_classes)
    """

    def __init__(self, config, num_classes=1000, batch_norm=False, image_size=224, hidden=4096):
        super().__init__()
        ### BEGIN SOLUTION
        blocks, in_channels = [], 3
        for depth, channels in config:
            blocks.append(vgg_block(depth, in_channels, channels, batch_norm))
            in_channels = channels
        self.features = nn.Sequential(*blocks)
        side = map_sizes(image_size, len(config))[-1]
        self.classifier = vgg_classifier(in_channels * side * side, hidden, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.classifier(self.features(x).flatten(1))
        ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# ### Проверки задачи 5
#
# VGG-16 занимает в памяти полгигабайта. Чтобы не ждать, мы смотрим, что считают сети поуже, а настоящие строим на устройстве
# `meta`: у тензоров там есть форма, но нет чисел, поэтому и память не нужна.

# %% [markdown] tags=["lang-en"]
# ### Checks of task 5
#
# VGG-16 takes half a gigabyte of memory. To save time we check what narrow networks compute, and build the real ones on the
# device `meta`: there tensors have a shape but no numbers, so they need no memory.

# %% nbgrader={"grade": true, "grade_id": "task5_vgg_function", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Что считает сеть / What the network computes (2 балла / 2 points)
class ProbeBlock(nn.Module):
    """Stands in for your vgg_block: what is wrong there costs nothing here."""

    def __init__(self, depth, in_channels, out_channels, batch_norm=False):
        super().__init__()
        self.depth = depth
        self.mix = nn.Conv2d(in_channels, out_channels, 1)
        self.norm = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()

    def forward(self, x):
        return F.avg_pool2d(self.norm(torch.tanh(self.depth * self.mix(x))), 2)


def probe_classifier(in_features, hidden, num_classes):
    """Stands in for your vgg_classifier."""
    return nn.Sequential(nn.Linear(in_features, hidden), nn.Tanh(), nn.Linear(hidden, num_classes))


def network_of_probes(side, sizes, config, **options):
    """Your VGG, made of the two above; sizes after five blocks stand in for your map_sizes."""
    global vgg_block, vgg_classifier, map_sizes
    own = [globals().get(name) for name in ("vgg_block", "vgg_classifier", "map_sizes")]
    vgg_block, vgg_classifier = ProbeBlock, probe_classifier
    map_sizes = lambda image_size, blocks=5: list(sizes[:blocks]) if image_size == side else []
    try:
        return VGG(config, **options)
    finally:
        vgg_block, vgg_classifier, map_sizes = own


def networks(image_size, sizes, config, **options):
    """Your VGG made of your own parts, and made of probes: those of the two that can be built and called."""
    found, errors = [], []
    for build in (VGG, lambda config, **more: network_of_probes(image_size, sizes, config, **more)):
        try:
            network = build(config, image_size=image_size, **options)
            network(torch.randn(2, 3, image_size, image_size))
            found.append(network)
        except Exception as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return found


shapes = [
    tuple(network(torch.randn(2, 3, 16, 16)).shape)
    for network in networks(16, [8, 4, 2, 1, 0], [(1, 4), (2, 6), (1, 8)], num_classes=5, hidden=12)
]
assert (2, 5) in shapes, f"форма / shape: {shapes[0]}, ожидалась / expected: (2, 5)"
### BEGIN HIDDEN TESTS
from grader.checks import dropout_rates, judged_by_itself, output_has_shape, repeats_itself_in_evaluation, same_function
from grader.checks.vgg.network import DROPOUT, vgg, vgg_mistakes, vgg_of_probes
from grader.checks.vgg.numbers import map_sizes as right_sizes

CASES = [([(2, 5), (1, 7)], 18), ([(1, 4), (1, 6), (2, 8), (2, 10), (2, 10)], 32)]


def whole():
    for config, image_size in CASES:
        options = {"num_classes": 7, "image_size": image_size, "hidden": 20}
        x = torch.randn(6, 3, image_size, image_size)
        repeats_itself_in_evaluation(VGG(config, **options), x)
        same_function(
            VGG(config, **options),
            vgg(config, **options),
            x,
            suspects=vgg_mistakes(config, batch_norm=False, **options),
            training=False,
        )
    output_has_shape(VGG(config, **options), torch.randn(1, 3, 32, 32), shape=(1, 7))
    config, options = [(1, 6), (2, 8)], {"num_classes": 128, "image_size": 16, "hidden": 128}
    dropout_rates(VGG(config, **options), vgg(config, **options), torch.randn(64, 3, 16, 16), DROPOUT)


def with_probes():
    for config, image_size in CASES:
        options = {"num_classes": 7, "image_size": image_size, "hidden": 20}
        x = torch.randn(6, 3, image_size, image_size)
        with_sizes = image_size, right_sizes(image_size), config
        same_function(network_of_probes(*with_sizes, **options), vgg_of_probes(config, **options), x)
        output_has_shape(network_of_probes(*with_sizes, **options), x[:1], shape=(1, 7))


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_vgg_batch_norm", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Сеть с BatchNorm / Network with BatchNorm (1 балл / 1 point)
norms = [
    norms_in(network)
    for network in networks(16, [8, 4, 2, 1, 0], [(1, 4), (2, 6)], num_classes=5, batch_norm=True, hidden=12)
]
# Из проб в сети две, и в каждой по одному / of probes there are two in the network, with one each
assert norms[0] == 3 or norms[-1] == 2, (
    f"BatchNorm: {norms[0]}, ожидалось по одному на свёртку / expected one for each convolution: 3"
)
### BEGIN HIDDEN TESTS
from grader.checks import dropout_rates, judged_by_itself, repeats_itself_in_evaluation, same_function
from grader.checks.vgg.network import DROPOUT, vgg, vgg_mistakes, vgg_of_probes

config, options = [(2, 4), (1, 6), (3, 8)], {"num_classes": 6, "batch_norm": True, "image_size": 20, "hidden": 15}
x = torch.randn(6, 3, 20, 20)


def whole():
    repeats_itself_in_evaluation(VGG(config, **options), x)
    same_function(VGG(config, **options), vgg(config, **options), x, suspects=vgg_mistakes(config, **options), training=False)
    wide = options | {"num_classes": 128, "hidden": 128}
    dropout_rates(VGG(config, **wide), vgg(config, **wide), torch.randn(64, 3, 20, 20), DROPOUT)


def with_probes():
    same_function(network_of_probes(20, [10, 5, 2, 1, 0], config, **options), vgg_of_probes(config, **options), x)


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_vgg_parameters", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Число параметров настоящих VGG / Numbers of parameters of the real VGGs (1 балл / 1 point)
def without_numbers(build):
    """A network on the device `meta`."""
    with torch.device("meta"):
        network = build()
        if any(nn.parameter.is_lazy(parameter) for parameter in network.parameters()):
            network(torch.zeros(2, 3, 224, 224))  # a lazy layer takes its shape from the first picture
    return network


def counts_of(network):
    """Numbers in the weights of convolutions, in the weights of linear layers, and in all the rest of it."""
    counts = {4: 0, 2: 0, 1: 0}
    for parameter in network.parameters():
        counts[parameter.dim()] += parameter.numel()
    return list(counts.values())


def vgg_without_numbers(number, batch_norm=False):
    """Your VGG on the device `meta`."""
    options = {"batch_norm": True} if batch_norm else {}
    return without_numbers(lambda: VGG(vgg_config(number), **options))


def count_parameters(number, batch_norm=False):
    """The counts of your VGG."""
    return counts_of(vgg_without_numbers(number, batch_norm))


def count_parameters_of_probes(config, sizes, batch_norm):
    """The counts of your VGG made of probes."""
    return counts_of(without_numbers(lambda: network_of_probes(224, sizes, config, batch_norm=batch_norm)))


try:
    for number, expected in [(11, 132_863_336), (16, 138_357_544)]:
        found = sum(count_parameters(number))
        print(f"VGG-{number}: {found:,}; ожидалось / expected: {expected:,}".replace(",", " "))
except Exception as error:
    print(f"{type(error).__name__}: {error}")
### BEGIN HIDDEN TESTS
from grader.checks import judged_by_itself, same_value
from grader.checks.vgg.network import counts_of_probes
from grader.checks.vgg.numbers import counts_are_published
from grader.checks.vgg.numbers import map_sizes as right_sizes
from grader.checks.vgg.numbers import vgg_config as right_config


def whole():
    for layers in [11, 13, 16, 19]:
        counts_are_published(count_parameters(layers), layers)
        counts_are_published(count_parameters(layers, True), layers, batch_norm=True)


def with_probes():
    sizes = right_sizes(224)
    for config in map(right_config, [11, 13, 16, 19]):
        for batch_norm in (False, True):
            expected = counts_of_probes(config, batch_norm)
            same_value(count_parameters_of_probes(config, sizes, batch_norm), expected)


judged_by_itself(whole, with_probes)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Где же лежат эти 138 миллионов чисел? Посмотрим на вашу VGG-16 слой за слоем.

# %% [markdown] tags=["lang-en"]
# And where do these 138 million numbers sit? Look at your VGG-16 layer by layer.

# %%
weights = [parameter for parameter in vgg_without_numbers(16).parameters() if parameter.dim() > 1]
figure, ax = plt.subplots(figsize=(9, 3.4))
colours = ["#2a6fbb" if weight.dim() == 4 else "#e0a458" for weight in weights]
ax.bar(range(1, len(weights) + 1), [weight.numel() / 1e6 for weight in weights], color=colours)
ax.set_xticks(range(1, len(weights) + 1))
ax.set_xlabel("слой / layer:   1–13 conv,   14–16 linear")
ax.set_ylabel("млн весов / million weights")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Опыт: учится ли глубокая сеть?
#
# Проверим вашу сеть в деле. Задача простая: на картинке 32×32 полосы и немного шума, надо сказать, в каком из четырёх
# направлений идут полосы. Обучим узкую VGG-11 дважды, без BatchNorm и с ним; всё остальное одинаково. Пунктир — потери того, кто
# отвечает наугад.

# %% [markdown] tags=["lang-en"]
# ## An experiment: does a deep network learn?
#
# See your network at work. The problem is simple: a picture of 32×32 shows stripes and a little noise, and the network has to
# say in which of four directions the stripes run. Train a narrow VGG-11 twice, without BatchNorm and with it; all the rest is
# equal. The dotted line is the loss of someone who guesses.

# %%
def draw_stripes(count, size=32):
    """Pictures (count, 3, size, size) with stripes in one of four directions, and the number of the direction."""
    direction = torch.randint(4, (count,))
    angle = (direction * torch.pi / 4).view(-1, 1, 1)
    y, x = torch.meshgrid(torch.arange(float(size)), torch.arange(float(size)), indexing="ij")
    waves = torch.sin(0.9 * (torch.cos(angle) * x + torch.sin(angle) * y) + 7 * torch.rand(count, 1, 1))
    return waves.unsqueeze(1) + 0.5 * torch.randn(count, 3, size, size), direction


def train_narrow_vgg(batch_norm, steps=50):
    """Loss of a VGG-11 with an eighth of the channels, step by step."""
    torch.manual_seed(11)
    config = [(depth, channels // 8) for depth, channels in vgg_config(11)]
    network = VGG(config, num_classes=4, batch_norm=batch_norm, image_size=32, hidden=32)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(steps):
        pictures, direction = draw_stripes(32)
        loss = F.cross_entropy(network(pictures), direction)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


figure, axes = plt.subplots(1, 5, figsize=(13, 2.8), width_ratios=[1, 1, 1, 1, 3], layout="constrained")
pictures, directions = draw_stripes(40)
for number, ax in enumerate(axes[:4]):
    ax.imshow(pictures[directions == number][0].mean(0), cmap="gray")
    ax.axis("off")
axes[4].plot(train_narrow_vgg(batch_norm=False), color="#e0a458", label="VGG-11")
axes[4].plot(train_narrow_vgg(batch_norm=True), color="#2a6fbb", label="VGG-11 + BatchNorm")
axes[4].axhline(torch.tensor(4.0).log(), color="#555555", linestyle=":")
axes[4].set_xlabel("шаг / step")
axes[4].set_ylabel("потери / loss")
axes[4].legend()
plt.show()

# %% [markdown] tags=["lang-ru"]
# Без BatchNorm сеть из одиннадцати слоёв стоит на месте. Авторы VGG столкнулись с похожей трудностью: BatchNorm тогда ещё не
# придумали. Просто добавлять и добавлять блоки не помогало: слишком длинная сеть становилась не лучше, а хуже, а то и не
# училась вовсе. Поэтому сначала они обучили VGG-11, самую мелкую из всех, а в более глубокие сети перенесли часть её готовых
# слоёв. Почему сигнал и градиент теряются по дороге и как провести их через сто слоёв, вы узнаете из следующей тетради.
#
# ## Задача 6. Подумайте (3 балла)
#
# **Вопрос 1 (2 балла).** Вместо одной свёртки 7×7 поставили три свёртки 3×3 с ReLU после каждой. Рецептивное поле то же.
# Назовите две причины, по которым так лучше, и подтвердите одну из них числами. Чем за это приходится платить? (3–5
# предложений)

# %% [markdown] tags=["lang-en"]
# Without BatchNorm a network of eleven layers makes no progress. The authors of VGG met a similar difficulty: BatchNorm had not
# yet been invented. Just adding more and more blocks was no help: a network that is too long gets worse instead of better, or does
# not learn at all. So they trained VGG-11 first, the shallowest of all, and carried some of its trained layers over into the
# deeper networks. Why signal and gradient get lost on the way, and how to lead them through a hundred layers, the next notebook
# tells.
#
# ## Task 6. Think (3 points)
#
# **Question 1 (2 points).** One 7×7 convolution was replaced by three 3×3 convolutions with a ReLU after each. The receptive
# field is the same. Name two reasons why this is better, and support one of them with numbers. What is the price?
# (3 to 5 sentences)

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_small_kernels", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Во-первых, параметров меньше: при C каналах у трёх свёрток 3×3 их 27C² + 3C, а у одной 7×7 — 49C² + C, почти вдвое больше; для
# C = 64 это 110 784 против 200 768. Во-вторых, после каждой из трёх свёрток стоит ReLU, поэтому вместе они могут выразить более
# сложную функцию, чем одна свёртка, которая линейна. Цена: слоёв втрое больше, при обучении надо хранить промежуточные карты,
# и градиенту приходится проходить через большую глубину.
#
# First, there are fewer parameters: with C channels three 3×3 convolutions have 27C² + 3C, one of 7×7 has 49C² + C, almost twice
# as many; for C = 64 that is 110,784 against 200,768. Second, a ReLU follows each of the three, so together they can express a
# more complicated function than one convolution, which is linear. The price: three times as many layers, the maps between them
# have to be kept while training, and the gradient has to pass through a greater depth.

# %% [markdown] tags=["lang-ru"]
# **Вопрос 2 (1 балл).** В каком слое VGG-16 больше всего параметров и какую долю от всех они составляют? Как изменить
# сеть, чтобы их стало намного меньше? (2–3 предложения)

# %% [markdown] tags=["lang-en"]
# **Question 2 (1 point).** Which layer of VGG-16 has the most parameters, and what share of all are they? How would you change
# the network to have far fewer? (2 to 3 sentences)

# %% [markdown] nbgrader={"grade": true, "grade_id": "task6_where_parameters_are", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Больше всего их в первом линейном слое: 25 088 · 4096 + 4096 = 102 764 544, то есть 74 % от 138 357 544. Можно взять среднее по
# каждой карте 7×7 и подать на линейный слой 512 чисел вместо 25 088 (так сделано в ResNet) или уменьшить `hidden`.
#
# The first linear layer has the most: 25,088 · 4096 + 4096 = 102,764,544, which is 74% of 138,357,544. One can take the mean of
# each 7×7 map and give 512 numbers to the linear layer instead of 25,088 (ResNet does so), or make `hidden` smaller.

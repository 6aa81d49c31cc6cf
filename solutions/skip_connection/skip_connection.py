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
# # Обходной путь: как градиент доходит до первых слоёв
#
# Казалось бы, чем больше слоёв, тем умнее сеть. Но попробуйте обучить обычную сеть из тридцати слоёв, и окажется, что она
# совсем не учится. В этой тетради вы сами найдёте причину: сначала на бумаге, для сети из трёх нейронов, потом на
# настоящих свёртках. А потом напишете и лекарство: оно состоит из одного сложения.
#
# **Вы научитесь**
# - выводить градиент по правилу цепочки и проверять себя двумя способами: через autograd и численно;
# - объяснять, почему в глубокой сети градиент затухает и что меняет обходной путь (skip connection);
# - делать шаг обучения и считать, сколько таких шагов нужно весу;
# - складывать карты признаков разного размера;
# - оборачивать обходным путём любой модуль и смотреть, сколько градиента достаётся каждому слою.
#
# | Задача | Баллы |
# |---|---|
# | 1. Цепочка из трёх нейронов | 3 |
# | 2. Численная производная | 2 |
# | 3. Цепочка с обходным путём | 4 |
# | 4. Длинная цепочка и шаг обучения | 4 |
# | 5. Сложить карты признаков | 3 |
# | 6. Модуль Skip | 2 |
# | 7. Глубокая сеть | 2 |
# | 8. Вопросы для размышления (проверяет учитель) | 2 |
# | **Всего** | **22** |
#
# Пишите код только там, где стоит `# YOUR CODE HERE`. Проверки смотрят, *что считает* ваш код, а не то, как он написан.

# %% [markdown] tags=["lang-en"]
# # The way around: how the gradient reaches the first layers
#
# The more layers, the smarter the network, one would think. But try to train a plain network of thirty layers, and it turns
# out that it does not learn at all. In this notebook you find the reason yourself: first on paper, for a network of three
# neurons, then in real convolutions. And then you write the cure, which consists of a single addition.
#
# **You will learn**
# - to derive a gradient by the chain rule, and to check yourself in two ways: with autograd and numerically;
# - to explain why the gradient fades in a deep network, and what a skip connection changes;
# - to make a training step, and to count how many of them a weight needs;
# - to add feature maps of different sizes;
# - to put a skip around any module, and to see how much gradient each layer gets.
#
# | Task | Points |
# |---|---|
# | 1. A chain of three neurons | 3 |
# | 2. Numeric derivative | 2 |
# | 3. The chain with a skip | 4 |
# | 4. A long chain and the training step | 4 |
# | 5. Adding feature maps | 3 |
# | 6. The module Skip | 2 |
# | 7. A deep network | 2 |
# | 8. Questions to think about (graded by the teacher) | 2 |
# | **Total** | **22** |
#
# Write code only where it says `# YOUR CODE HERE`. The checks look at *what your code computes*, not at how it is written.

# %%
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn


# %% [markdown] tags=["lang-ru"]
# ## Три нейрона подряд
#
# Возьмём самую маленькую «глубокую» сеть: три слоя, в каждом один нейрон без смещения и без активации. На вход приходит
# число $x$, и каждый слой умножает его на свой вес:
#
# $$x_1 = w_1 x, \qquad x_2 = w_2 x_1, \qquad x_3 = w_3 x_2.$$
#
# Дальше стоит функция потерь $L$, и пусть мы уже знаем, как она зависит от выхода: $g = \dfrac{dL}{dx_3}$. Обучение — это много
# маленьких шагов, и на каждом шаге каждый вес сдвигают туда, где потери меньше, то есть против производной:
#
# $$w := w - \alpha\,\frac{dL}{dw}.$$
#
# Число $\alpha$ называют скоростью обучения; оно маленькое, например $0{,}01$. Значит, нужны производные $L$ по каждому весу. По
# правилу цепочки (в школе это производная сложной функции) перемножаем производные вдоль пути от $L$ назад:
#
# $$\frac{dL}{dw_1} = \underbrace{\frac{dL}{dx_3}}_{g} \cdot \underbrace{\frac{dx_3}{dx_2}}_{w_3} \cdot
# \underbrace{\frac{dx_2}{dx_1}}_{w_2} \cdot \underbrace{\frac{dx_1}{dw_1}}_{x}.$$
#
# Четыре множителя. (Для $w_3$ их было бы два, для $w_2$ — три: чем дальше вес от $L$, тем длиннее произведение.) Если каждый
# множитель равен $0{,}1$, то до первого веса доходит $0{,}1^4 = 0{,}0001$. Слоёв всего три, а от того $g$, с которым мы вышли
# из $L$, осталась одна тысячная. На шаге обучения её ещё умножат на маленькую $\alpha$, и вес почти не сдвинется. Обычно
# множители и в самом деле меньше единицы.
#
# На рисунке слева эта цепочка, справа она же с обходным путём: до него мы дойдём в задаче 3. Верхние стрелки — прямой
# проход, красные — обратный; возле каждой красной написано, на что она умножает. Показан путь к весу $w_1$, поэтому на
# последней стрелке стоит $x$; если идти к самому $x$, на ней будет $w_1$.

# %% [markdown] tags=["lang-en"]
# ## Three neurons in a row
#
# Take the smallest "deep" network: three layers of one neuron each, without bias and without activation. A number $x$ comes
# in, and every layer multiplies it by its weight:
#
# $$x_1 = w_1 x, \qquad x_2 = w_2 x_1, \qquad x_3 = w_3 x_2.$$
#
# A loss $L$ follows, and suppose we know already how it depends on the output: $g = \dfrac{dL}{dx_3}$. Training is many small
# steps, and each step moves every weight to where the loss is smaller, that is, against the derivative:
#
# $$w := w - \alpha\,\frac{dL}{dw}.$$
#
# The number $\alpha$ is called the learning rate; it is small, $0.01$ for example. So we need the derivative of $L$ with respect
# to each weight. The chain rule multiplies the derivatives along the way back from $L$:
#
# $$\frac{dL}{dw_1} = \underbrace{\frac{dL}{dx_3}}_{g} \cdot \underbrace{\frac{dx_3}{dx_2}}_{w_3} \cdot
# \underbrace{\frac{dx_2}{dx_1}}_{w_2} \cdot \underbrace{\frac{dx_1}{dw_1}}_{x}.$$
#
# Four factors. (For $w_3$ there would be two, for $w_2$ three: the further a weight is from $L$, the longer the product.) If each
# factor is $0.1$, then $0.1^4 = 0.0001$ arrives at the first weight. Only three layers, and of the $g$ that left $L$ one
# thousandth remains. The training step multiplies it by a small $\alpha$ as well, and the weight hardly moves. Factors are
# usually below one indeed.
#
# On the left of the picture is this chain, on the right the same chain with a skip: we get there in task 3. The upper arrows
# are the forward pass, the red ones the backward pass; beside each red arrow is the factor that it multiplies by. The way
# shown leads to the weight $w_1$, so the last factor is $x$; on the way to $x$ itself it would be $w_1$.

# %% tags=["illustration"]
def draw_chain(ax, has_skip):
    """Draw the three neurons; forward goes to the right, the gradient comes back to the left."""
    ax.axis("off")
    ax.set_xlim(-0.5, 4.6)
    ax.set_ylim(-1.1, 1.6)
    circle = {"boxstyle": "circle,pad=0.35", "facecolor": "#fff3b0", "edgecolor": "#555555"}
    for place, name in enumerate(["$x$", "$x_1$", "$x_2$", "$x_3$", "$L$"]):
        ax.text(place, 0, name, ha="center", va="center", fontsize=13, bbox=circle)
    for place, name in enumerate(["$w_1$", "$w_2$", "$w_3$", ""]):
        ax.annotate("", (place + 0.74, 0.07), (place + 0.26, 0.07), arrowprops={"arrowstyle": "-|>", "color": "#555555"})
        ax.annotate("", (place + 0.26, -0.1), (place + 0.74, -0.1), arrowprops={"arrowstyle": "-|>", "color": "#c0392b"})
        ax.text(place + 0.5, 0.2, name, ha="center", fontsize=12)
    for place, name in enumerate(["$x$", "$w_2$", "$w_3$", "$g$"]):
        ax.text(place + 0.5, -0.38, name, ha="center", fontsize=12, color="#c0392b")
    if has_skip:
        wire = {"arrowstyle": "-|>", "color": "#2a6fbb", "linewidth": 2, "connectionstyle": "arc3,rad=-0.4"}
        back = {"arrowstyle": "-|>", "color": "#c0392b", "connectionstyle": "arc3,rad=0.95"}
        ax.annotate("", (2.9, 0.26), (1.1, 0.26), arrowprops=wire)
        ax.annotate("", (0.98, 0.3), (3.02, 0.3), arrowprops=back)
        ax.text(2, 0.76, "$+\\,x_1$", ha="center", fontsize=13, color="#2a6fbb")
        ax.text(2, 1.36, "1", ha="center", fontsize=12, color="#c0392b")
    product = r"$g\,(w_3 w_2 + 1)\,x$" if has_skip else r"$g\, w_3\, w_2\, x$"
    ax.text(2, -0.95, r"$dL/dw_1 = $" + product, ha="center", fontsize=13, color="#c0392b")


figure, axes = plt.subplots(1, 2, figsize=(11, 2.8))
draw_chain(axes[0], has_skip=False)
draw_chain(axes[1], has_skip=True)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 1. Цепочка из трёх нейронов (3 балла)
#
# Напишите две функции. Все аргументы — обычные числа, и любое из них может быть отрицательным или нулём.
#
# - `chain(x, w1, w2, w3)` возвращает кортеж `(x1, x2, x3)`.
# - `chain_gradients(x, w1, w2, w3, g)` возвращает кортеж из четырёх производных
#   $\left(\dfrac{dL}{dx}, \dfrac{dL}{dw_1}, \dfrac{dL}{dw_2}, \dfrac{dL}{dw_3}\right)$, то есть в том же порядке, что и
#   аргументы; `g` — это $\dfrac{dL}{dx_3}$.
#
# Производные выведите на бумаге и запишите формулами, без `backward()` и `torch.autograd`: с autograd, которым PyTorch
# считает производные сам, мы потом сравним ваш ответ. Функция получает то дробные числа (`float`), то целые (`int`). Если все
# числа целые, ответ тоже целый и точный, даже большой: сумма и произведение целых в Python не округляются, пока вы не написали
# `float` или `1.0`.
#
# <details><summary>Подсказка 1</summary>Закройте на рисунке всё, что левее нужной переменной. Множителей столько, сколько
# красных стрелок на пути назад от <i>L</i>.</details>
# <details><summary>Подсказка 2</summary>Вес может оказаться нулём, поэтому не находите одну производную делением
# другой.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 1. A chain of three neurons (3 points)
#
# Write two functions. All arguments are ordinary numbers, and each of them may be negative or zero.
#
# - `chain(x, w1, w2, w3)` returns the tuple `(x1, x2, x3)`.
# - `chain_gradients(x, w1, w2, w3, g)` returns a tuple of four derivatives,
#   $\left(\dfrac{dL}{dx}, \dfrac{dL}{dw_1}, \dfrac{dL}{dw_2}, \dfrac{dL}{dw_3}\right)$, in the order of the arguments; `g` is
#   $\dfrac{dL}{dx_3}$.
#
# Derive them on paper and write them down as formulas, without `backward()` and `torch.autograd`: your answer is compared
# afterwards with autograd, PyTorch's own way to derivatives. The function gets fractional numbers (`float`) or whole ones
# (`int`). If all are whole, so is the answer, and it is exact, however large: sums and products of whole numbers are not rounded
# in Python, unless you write `float` or `1.0`.
#
# <details><summary>Hint 1</summary>Cover everything to the left of the variable in the picture. There are as many factors
# as red arrows on the way back from <i>L</i>.</details>
# <details><summary>Hint 2</summary>A weight may be zero, so do not get one derivative by dividing another.</details>

# %% nbgrader={"grade": false, "grade_id": "task1_chain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def chain(x, w1, w2, w3):
    """Three one-neuron layers in a row.

    Args:
        x: the input, a number.
        w1, w2, w3: the weights of the layers, numbers.

    Returns:
        tuple: (x1, x2, x3), the outputs of the three layers.
    """
    ### BEGIN SOLUTION
    x1 = w1 * x
    x2 = w2 * x1
    x3 = w3 * x2
    return x1, x2, x3
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task1_chain_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def chain_gradients(x, w1, w2, w3, g):
    """Derivatives of the loss in the chain, by hand.

    Args:
        x: the input, a number.
        w1, w2, w3: the weights of the layers, numbers.
        g: dL/dx3, a number.

    Returns:
        tuple: (dL/dx, dL/dw1, dL/dw2, dL/dw3)
    """
    ### BEGIN SOLUTION
    dx = g * w3 * w2 * w1
    dw1 = g * w3 * w2 * x
    dw2 = g * w3 * w1 * x
    dw3 = g * w2 * w1 * x
    return dx, dw1, dw2, dw3
    ### END SOLUTION


# %% [markdown] tags=["lang-ru"]
# ### Проверки задачи 1
#
# Видимую часть каждой проверки можно запускать сколько угодно раз и тут же исправлять код. Скрытая часть выполнится, когда вы
# сдадите тетрадь: она берёт другие числа.

# %% [markdown] tags=["lang-en"]
# ### Checks of task 1
#
# You can run the visible part of each check as often as you like and correct your code at once. The hidden part runs after you
# hand the notebook in: it takes other numbers.

# %% nbgrader={"grade": true, "grade_id": "task1_chain_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Прямой проход / Forward pass (1 балл / 1 point)
found = chain(2.0, 3.0, -1.0, 0.5)
assert found is not None, "chain ничего не вернула / chain returned nothing"
assert hasattr(found, "__len__"), f"нужны три числа, а не / three numbers are expected, not {found}"
assert len(found) == 3, f"чисел / numbers: {len(found)}, ожидалось / expected: 3"
for name, mine, right in zip(["x1", "x2", "x3"], found, (6.0, -6.0, -3.0)):
    mark = "верно / right" if float(mine) == right else "НЕВЕРНО / WRONG"
    print(f"{name} = {float(mine):g}, ожидалось / expected: {right:g}  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import same_results

same_results(
    chain,
    chains.chain,
    chains.drawn_calls(4, 4),
    names=chains.ARGUMENTS,
    parts=chains.ACTIVATIONS,
    mistakes=chain_mistakes.chain_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task1_chain_gradients_by_hand", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Производные: ваши формулы против autograd / Derivatives: your formulas against autograd (2 балла / 2 points)
def compare_with_autograd(network, by_hand, *values):
    """Print formulas beside autograd; the last value is g."""
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values[:-1]]
    network(*leaves).backward(torch.tensor(values[-1], dtype=torch.float64))
    try:
        found = by_hand(*values)
    except ZeroDivisionError:
        raise AssertionError("деление на ноль: вес может быть нулём / division by zero: a weight may be zero") from None
    assert found is not None, "функция ничего не вернула / the function returned nothing"
    assert hasattr(found, "__len__"), f"нужны четыре числа, а не / four numbers are expected, not {found}"
    assert len(found) == 4, f"чисел / numbers: {len(found)}, ожидалось / expected: 4"
    print(f"(x, w1, w2, w3, g) = {values}")
    for name, mine, leaf in zip(["dL/dx", "dL/dw1", "dL/dw2", "dL/dw3"], found, leaves):
        mark = "верно / right" if abs(float(mine) - leaf.grad.item()) < 1e-5 else "НЕВЕРНО / WRONG"
        print(f"    {name:6} {float(mine):8.4f}   autograd {leaf.grad.item():8.4f}   {mark}".replace("-0.0000", " 0.0000"))


for values in [(0.5, -1.5, 2.0, 0.8, 0.7), (1.2, 0.0, 3.0, -0.5, 1.1), (2.0, 1.0, 0.0, 1.5, -1.0)]:
    compare_with_autograd(lambda x, w1, w2, w3: w3 * (w2 * (w1 * x)), chain_gradients, *values)
first = float(chain_gradients(0.1, 0.1, 0.1, 0.1, 0.1)[1])
print(f"все числа 0.1 / all numbers 0.1: dL/dw1 = {first:.6f}, ожидалось / expected: 0.000100")
whole = (20001, 30005, -14003, 25001, 16009)
right = (-168165268345055135, -112097101555389027, 240196638732375045, -134533559944380135)
print(f"целые / whole numbers: (x, w1, w2, w3, g) = {whole}")
for name, mine, exact in zip(["dL/dx", "dL/dw1", "dL/dw2", "dL/dw3"], chain_gradients(*whole), right):
    mark = "верно / right" if abs(mine) < 2**63 and int(mine) == exact else "НЕВЕРНО / WRONG"
    print(f"    {name:6} {mine}, ожидалось точно / expected exactly: {exact}   {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import derived_by_hand

derived_by_hand(
    chain_gradients,
    chains.chain_gradients,
    chains.drawn_calls(5, 5),
    chains.whole_calls(2, 5),
    names=[*chains.ARGUMENTS, "g"],
    parts=chains.DERIVATIVES,
    mistakes=chain_mistakes.chain_gradient_mistakes(),
)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Проверьте себя сами
#
# Autograd под рукой не всегда, да и в нём можно запутаться. Есть способ проверить любую производную, который не требует
# ничего, кроме самой функции: сдвинуть аргумент чуть-чуть вправо и чуть-чуть влево и посмотреть, насколько изменилось
# значение.
#
# $$f'(a) \approx \frac{f(a + h) - f(a - h)}{2h}$$
#
# Каким взять шаг $h$? На большом шаге кривая успевает изогнуться. Но и совсем крошечный не годится: компьютер хранит
# около 16 цифр числа, и если $f(a+h)$ и $f(a-h)$ совпадают в пятнадцати из них, то от разности остаётся одна цифра, да и
# та — округление.
#
# ## Задача 2. Численная производная (2 балла)
#
# Напишите функцию `numeric_derivative(f, a)`: производная функции `f` в точке `a`. `f` принимает обычное число и возвращает
# число, `a` — любое число, в том числе ноль. Шаг выберите сами. Ошибка должна быть не больше $10^{-5}$, а если сама
# производная по модулю больше 1, то не больше $10^{-5}$ от неё.

# %% [markdown] tags=["lang-en"]
# ## Check yourself
#
# Autograd is not always at hand, and one can get lost in it too. There is a way to check any derivative that needs nothing
# but the function itself: move the argument a little to the right and a little to the left, and see how much the value
# changes.
#
# $$f'(a) \approx \frac{f(a + h) - f(a - h)}{2h}$$
#
# Which step $h$ is good? Over a large one the curve has time to bend. But a tiny one is no good either: a computer keeps about
# 16 digits of a number, and if $f(a+h)$ and $f(a-h)$ agree in fifteen of them, a single digit of the difference is left, and
# that is rounding.
#
# ## Task 2. Numeric derivative (2 points)
#
# Write a function `numeric_derivative(f, a)`: the derivative of the function `f` at `a`. `f` takes an ordinary number and
# returns a number; `a` is any number, zero too. Choose the step yourself. The error has to be at most $10^{-5}$, or, where the
# derivative itself is greater than 1 in absolute value, at most $10^{-5}$ of it.

# %% nbgrader={"grade": false, "grade_id": "task2_numeric_derivative", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numeric_derivative(f, a):
    """Derivative of a function by a difference of its values.

    Args:
        f: function of one number.
        a: where to differentiate, a number.

    Returns:
        float: about f'(a)
    """
    ### BEGIN SOLUTION
    h = 1e-5
    return (f(a + h) - f(a - h)) / (2 * h)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task2_numeric_derivative_error", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Производные трёх функций / Derivatives of three functions (2 балла / 2 points)
def probe(kind, t, c):
    """A function of t."""
    return {"sin": math.sin(c * t), "cube": c * t**3, "exp": math.exp(c * t)}[kind]


def derivative_of_probe(kind, a, c):
    """Its derivative at a, by your function."""
    return numeric_derivative(lambda t: probe(kind, t, c), a)


for kind, a, c, right in [("sin", 0.8, 2.0, 2 * math.cos(1.6)), ("cube", -1.0, 1.0, 3.0), ("exp", 0.0, 1.5, 1.5)]:
    found = derivative_of_probe(kind, a, c)
    assert found is not None, "numeric_derivative ничего не вернула / numeric_derivative returned nothing"
    mark = "верно / right" if abs(float(found) - right) < 1e-5 * max(1, abs(right)) else "НЕВЕРНО / WRONG"
    print(f"{kind}, a = {a}: {float(found):.9f}, ожидалось / expected: {right:.9f}  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import numeric

numeric.numeric_derivative_matches(numeric_derivative, numeric.drawn_points())
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Теперь у вас есть три способа узнать одно и то же число: формула, autograd и разность. Сравним их на $dL/dw_2$. А на
# графике посмотрим, как ошибка разности зависит от шага: какой шаг лучше всех и почему по обе стороны от него хуже?

# %% [markdown] tags=["lang-en"]
# Now you have three ways to get one and the same number: the formula, autograd and the difference. Let us compare them for
# $dL/dw_2$. And on the plot see how the error of the difference depends on the step: which is the best one, and why is it
# worse on both sides of it?

# %%
x, w1, w2, w3, g = 0.5, -1.5, 2.0, 0.8, 0.7
leaf = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
chain(x, w1, leaf, w3)[-1].backward(torch.tensor(g, dtype=torch.float64))
print("формула / formula:    ", chain_gradients(x, w1, w2, w3, g)[2])
print("autograd:             ", leaf.grad.item())
print("разность / difference:", numeric_derivative(lambda w: g * chain(x, w1, w, w3)[-1], w2))

steps = [10.0**-power for power in range(1, 16)]
errors = [abs((math.sin(1 + h) - math.sin(1 - h)) / (2 * h) - math.cos(1)) for h in steps]
plt.figure(figsize=(6, 3))
plt.loglog(steps, errors, "o-")
plt.xlabel("h")
plt.ylabel("ошибка / error")
plt.title("(sin(1 + h) − sin(1 − h)) / 2h")
plt.grid(alpha=0.3)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Обходной путь
#
# Добавим в цепочку провод: выход первого слоя приходит на выход третьего ещё и напрямую, в обход $w_2$ и $w_3$ (синяя
# стрелка на рисунке):
#
# $$x_1 = w_1 x, \qquad x_2 = w_2 x_1, \qquad x_3 = w_3 x_2 + x_1.$$
#
# Теперь от $x_3$ назад к $x_1$ ведут **две** дороги: старая, через $w_3$ и $w_2$, и новая, на которой нет ни одного веса.
# Производные вдоль дорог складываются:
#
# $$\frac{dx_3}{dx_1} = w_3 w_2 + 1.$$
#
# Эта единица всё и спасает. Веса могут быть сколь угодно малы, а по проводу градиент проходит целиком.
#
# ## Задача 3. Цепочка с обходным путём (4 балла)
#
# - `skip_chain(x, w1, w2, w3)` возвращает `(x1, x2, x3)`, где $x_3 = w_3 x_2 + x_1$.
# - `skip_gradients(x, w1, w2, w3, g)` возвращает те же четыре производные в том же порядке, но для этой цепочки; снова
#   формулами, и для целых чисел снова точно.
# - `gain(w2, w3)` отвечает на вопрос, **во сколько раз** $\dfrac{dL}{dw_1}$ с обходным путём больше, чем без него (первое,
#   делённое на второе, вместе со знаком). Здесь $w_2$ и $w_3$ не равны нулю.
#
# Подумайте, какие производные провод не меняет.

# %% [markdown] tags=["lang-en"]
# ## The way around
#
# Put a wire into the chain: the output of the first layer also goes straight to the output of the third, around $w_2$ and
# $w_3$ (the blue arrow of the picture):
#
# $$x_1 = w_1 x, \qquad x_2 = w_2 x_1, \qquad x_3 = w_3 x_2 + x_1.$$
#
# Now **two** ways lead back from $x_3$ to $x_1$: the old one through $w_3$ and $w_2$, and a new one without any weight.
# The derivatives along the two ways are added:
#
# $$\frac{dx_3}{dx_1} = w_3 w_2 + 1.$$
#
# It is this 1 that saves the day. However small the weights are, the gradient comes along the wire undiminished.
#
# ## Task 3. The chain with a skip (4 points)
#
# - `skip_chain(x, w1, w2, w3)` returns `(x1, x2, x3)` with $x_3 = w_3 x_2 + x_1$.
# - `skip_gradients(x, w1, w2, w3, g)` returns the same four derivatives in the same order, but for this chain; by formulas
#   again, and exact for whole numbers again.
# - `gain(w2, w3)` says **how many times** greater $\dfrac{dL}{dw_1}$ is with the skip than without it (the ratio of the
#   first to the second, with its sign). Here $w_2$ and $w_3$ are not zero.
#
# Think about which derivatives the wire does not change.

# %% nbgrader={"grade": false, "grade_id": "task3_skip_chain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def skip_chain(x, w1, w2, w3):
    """Three one-neuron layers, with a skip around the second and the third.

    Args:
        x: the input, a number.
        w1, w2, w3: the weights of the layers, numbers.

    Returns:
        tuple: (x1, x2, x3)
    """
    ### BEGIN SOLUTION
    x1 = w1 * x
    x2 = w2 * x1
    x3 = w3 * x2 + x1
    return x1, x2, x3
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task3_skip_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def skip_gradients(x, w1, w2, w3, g):
    """Derivatives of the loss in the chain with a skip, by hand.

    Args:
        x: the input, a number.
        w1, w2, w3: the weights of the layers, numbers.
        g: dL/dx3, a number.

    Returns:
        tuple: (dL/dx, dL/dw1, dL/dw2, dL/dw3)
    """
    ### BEGIN SOLUTION
    both_ways = w3 * w2 + 1
    dx = g * both_ways * w1
    dw1 = g * both_ways * x
    dw2 = g * w3 * w1 * x
    dw3 = g * w2 * w1 * x
    return dx, dw1, dw2, dw3
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task3_gain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gain(w2, w3):
    """How many times greater dL/dw1 is with the skip than without it.

    Args:
        w2, w3: the weights that the skip goes around, not zero.

    Returns:
        float: dL/dw1 with the skip, divided by dL/dw1 without it
    """
    ### BEGIN SOLUTION
    return (w3 * w2 + 1) / (w3 * w2)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task3_skip_chain_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Прямой проход / Forward pass (1 балл / 1 point)
found = skip_chain(2.0, 3.0, -1.0, 0.5)
assert found is not None, "skip_chain ничего не вернула / skip_chain returned nothing"
assert hasattr(found, "__len__"), f"нужны три числа, а не / three numbers are expected, not {found}"
assert len(found) == 3, f"чисел / numbers: {len(found)}, ожидалось / expected: 3"
for name, mine, right in zip(["x1", "x2", "x3"], found, (6.0, -6.0, 3.0)):
    mark = "верно / right" if float(mine) == right else "НЕВЕРНО / WRONG"
    print(f"{name} = {float(mine):g}, ожидалось / expected: {right:g}  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import same_results

same_results(
    skip_chain,
    chains.skip_chain,
    chains.drawn_calls(4, 4),
    names=chains.ARGUMENTS,
    parts=chains.ACTIVATIONS,
    mistakes=chain_mistakes.skip_chain_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_skip_gradients_by_hand", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Производные: ваши формулы против autograd / Derivatives: your formulas against autograd (2 балла / 2 points)
def compare_with_autograd(network, by_hand, *values):
    """Print formulas beside autograd; the last value is g."""
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values[:-1]]
    network(*leaves).backward(torch.tensor(values[-1], dtype=torch.float64))
    try:
        found = by_hand(*values)
    except ZeroDivisionError:
        raise AssertionError("деление на ноль: вес может быть нулём / division by zero: a weight may be zero") from None
    assert found is not None, "функция ничего не вернула / the function returned nothing"
    assert hasattr(found, "__len__"), f"нужны четыре числа, а не / four numbers are expected, not {found}"
    assert len(found) == 4, f"чисел / numbers: {len(found)}, ожидалось / expected: 4"
    print(f"(x, w1, w2, w3, g) = {values}")
    for name, mine, leaf in zip(["dL/dx", "dL/dw1", "dL/dw2", "dL/dw3"], found, leaves):
        mark = "верно / right" if abs(float(mine) - leaf.grad.item()) < 1e-5 else "НЕВЕРНО / WRONG"
        print(f"    {name:6} {float(mine):8.4f}   autograd {leaf.grad.item():8.4f}   {mark}".replace("-0.0000", " 0.0000"))


for values in [(0.5, -1.5, 2.0, 0.8, 0.7), (1.2, 0.0, 3.0, -0.5, 1.1), (2.0, 1.0, 0.0, 1.5, -1.0)]:
    compare_with_autograd(lambda x, w1, w2, w3: w3 * (w2 * (w1 * x)) + w1 * x, skip_gradients, *values)
first = float(skip_gradients(0.1, 0.1, 0.1, 0.1, 0.1)[1])
print(f"все числа 0.1 / all numbers 0.1: dL/dw1 = {first:.6f}, ожидалось / expected: 0.010100")
whole = (20001, 30005, -14003, 25001, 16009)
right = (-168165267864705090, -112097101235193018, 240196638732375045, -134533559944380135)
print(f"целые / whole numbers: (x, w1, w2, w3, g) = {whole}")
for name, mine, exact in zip(["dL/dx", "dL/dw1", "dL/dw2", "dL/dw3"], skip_gradients(*whole), right):
    mark = "верно / right" if abs(mine) < 2**63 and int(mine) == exact else "НЕВЕРНО / WRONG"
    print(f"    {name:6} {mine}, ожидалось точно / expected exactly: {exact}   {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import derived_by_hand

derived_by_hand(
    skip_gradients,
    chains.skip_gradients,
    chains.drawn_calls(5, 5),
    chains.whole_calls(2, 5),
    names=[*chains.ARGUMENTS, "g"],
    parts=chains.DERIVATIVES,
    mistakes=chain_mistakes.skip_gradient_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task3_gain_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Во сколько раз / How many times more (1 балл / 1 point)
found = gain(0.1, 0.1)
assert found is not None, "gain ничего не вернула / gain returned nothing"
print(f"w2 = w3 = 0.1: {float(found):.2f}, ожидалось / expected: 101.00")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import same_results

same_results(
    gain,
    chains.gain,
    chains.drawn_calls(6, 2, zeros=False),
    names=["w2", "w3"],
    mistakes=chain_mistakes.gain_mistakes(),
)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Все числа равны $0{,}1$: сколько градиента доходит до первого веса?

# %% [markdown] tags=["lang-en"]
# All numbers are $0.1$: how much gradient arrives at the first weight?

# %%
print(f"без обходного пути / without a skip: {chain_gradients(0.1, 0.1, 0.1, 0.1, 0.1)[1]:.6f}")
print(f"с обходным путём / with a skip:      {skip_gradients(0.1, 0.1, 0.1, 0.1, 0.1)[1]:.6f}")
print(f"во сколько раз больше / gain:        {gain(0.1, 0.1):.1f}")


# %% [markdown] tags=["lang-ru"]
# ## Задача 4. Длинная цепочка и шаг обучения (4 балла)
#
# ### Градиент первого веса (4а, 2 балла)
#
# Три слоя — это ещё не глубина. Пусть слоёв $n$ и $x_0 = x$.
#
# - Без обходных путей: $x_k = w_k x_{k-1}$.
# - С обходным путём вокруг **каждого** слоя: $x_k = w_k x_{k-1} + x_{k-1}$.
#
# Напишите функцию `first_gradient(x, weights, g, skip=False)`, которая возвращает $\dfrac{dL}{dw_1}$, производную по **самому
# первому** весу. Здесь `weights` — список $[w_1, \dots, w_n]$ любой длины $n \geqslant 1$, `g` — это $\dfrac{dL}{dx_n}$, а
# `skip` говорит, есть ли обходные пути. Снова формулой, без autograd: для целых чисел ответ целый и точный, поэтому
# произведение начинайте с числа, которое уже есть, или с `1`, но не с `1.0`.
#
# <details><summary>Подсказка</summary>Чему равна производная <i>x<sub>k</sub></i> по <i>x<sub>k−1</sub></i> без обходного
# пути? А с ним? От каких слоёв такой множитель войдёт в ответ?</details>

# %% [markdown] tags=["lang-en"]
# ## Task 4. A long chain and the training step (4 points)
#
# ### The gradient of the first weight (4a, 2 points)
#
# Three layers are not deep yet. Let there be $n$ layers, and $x_0 = x$.
#
# - Without skips: $x_k = w_k x_{k-1}$.
# - With a skip around **every** layer: $x_k = w_k x_{k-1} + x_{k-1}$.
#
# Write a function `first_gradient(x, weights, g, skip=False)` that returns $\dfrac{dL}{dw_1}$, the derivative with respect to
# the **very first** weight. Here `weights` is the list $[w_1, \dots, w_n]$ of any length $n \geqslant 1$, `g` is
# $\dfrac{dL}{dx_n}$, and `skip` says whether there are skips. By a formula again, without autograd: for whole numbers the
# answer is whole and exact, so begin a product with a number that is there, or with `1`, not with `1.0`.
#
# <details><summary>Hint</summary>What is the derivative of <i>x<sub>k</sub></i> with respect to <i>x<sub>k−1</sub></i>
# without a skip? And with one? Which layers give such a factor to the answer?</details>

# %% nbgrader={"grade": false, "grade_id": "task4_first_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def first_gradient(x, weights, g, skip=False):
    """Derivative of the loss with respect to the first weight of a chain of any length, by hand.

    Args:
        x: the input, a number.
        weights: [w1, ..., wn], at least one number; the list stays as it is.
        g: dL/dx_n, a number.
        skip: whether there is a skip around every layer.

    Returns:
        float: dL/dw1
    """
    ### BEGIN SOLUTION
    derivative = g * x
    for w in weights[1:]:
        derivative *= w + 1 if skip else w
    return derivative
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task4_first_gradient_plain", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Без обходных путей / Without skips (1 балл / 1 point)
for weights, right in [([0.1, 0.1, 0.1], 1e-4), ([5.0, 2.0, -3.0, 0.5], -0.03), ([7.0], 0.01)]:
    found = first_gradient(0.1, weights, 0.1)
    assert found is not None, "first_gradient ничего не вернула / first_gradient returned nothing"
    mark = "верно / right" if abs(float(found) - right) < 1e-7 else "НЕВЕРНО / WRONG"
    print(f"weights = {weights}: {float(found):.4f}, ожидалось / expected: {right:.4f}  {mark}")
found = first_gradient(20001, [7, 30005, -14003], 16009)
mark = "верно / right" if abs(found) < 2**63 and int(found) == -134533559944380135 else "НЕВЕРНО / WRONG"
print(f"целые / whole numbers: {found}, ожидалось точно / expected exactly: -134533559944380135  {mark}")
given = [5.0, 2.0, -3.0, 0.5]
first_gradient(0.1, given, 0.1)
assert given == [5.0, 2.0, -3.0, 0.5], (
    f"функция изменила список weights: был [5.0, 2.0, -3.0, 0.5], стал {given}; он ещё нужен тому, кто её вызвал / "
    f"the function has changed the list weights: it was [5.0, 2.0, -3.0, 0.5] and is {given}; its owner still needs it"
)
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import derived_by_hand

derived_by_hand(
    first_gradient,
    chains.first_gradient,
    chains.long_calls(skip=False),
    chains.whole_long_calls(skip=False),
    names=["x", "weights", "g"],
    mistakes=chain_mistakes.first_gradient_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_first_gradient_skip", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# С обходными путями / With skips (1 балл / 1 point)
for weights, right in [([0.1, 0.1, 0.1], 0.0121), ([5.0, 2.0, -3.0, 0.5], -0.09), ([7.0], 0.01)]:
    found = first_gradient(0.1, weights, 0.1, skip=True)
    assert found is not None, "first_gradient ничего не вернула / first_gradient returned nothing"
    mark = "верно / right" if abs(float(found) - right) < 1e-7 else "НЕВЕРНО / WRONG"
    print(f"weights = {weights}: {float(found):.4f}, ожидалось / expected: {right:.4f}  {mark}")
found = first_gradient(20001, [7, 30004, -14002], 16009, skip=True)
mark = "верно / right" if abs(found) < 2**63 and int(found) == -134514344981880045 else "НЕВЕРНО / WRONG"
print(f"целые / whole numbers: {found}, ожидалось точно / expected exactly: -134514344981880045  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes
from grader.checks import derived_by_hand

derived_by_hand(
    first_gradient,
    chains.first_gradient,
    chains.long_calls(skip=True),
    chains.whole_long_calls(skip=True),
    names=["x", "weights", "g", "skip"],
    mistakes=chain_mistakes.first_gradient_mistakes(),
)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Посмотрим, как градиент первого веса зависит от числа слоёв. Веса случайные, от $-0{,}5$ до $0{,}5$. Шкала по вертикали
# логарифмическая: одно деление — в десять тысяч раз.

# %% [markdown] tags=["lang-en"]
# Let us see how the gradient of the first weight depends on the number of layers. The weights are random, from $-0.5$ to
# $0.5$; the vertical scale is logarithmic, one division is a factor of ten thousand.

# %%
torch.manual_seed(1)
weights = (torch.rand(40) - 0.5).tolist()
depths = range(1, len(weights) + 1)
plt.figure(figsize=(7, 3.5))
for skip, label in [(False, "обычная / plain"), (True, "с обходом / skip")]:
    plt.semilogy(depths, [abs(first_gradient(1.0, weights[:depth], 1.0, skip)) for depth in depths], "o-", ms=3, label=label)
plt.xlabel("слоёв / layers")
plt.ylabel("|dL/dw1|")
plt.legend()
plt.grid(alpha=0.3)
plt.show()


# %% [markdown] tags=["lang-ru"]
# ### Шаг обучения (4б, 2 балла)
#
# Градиент сам по себе ничего не меняет, меняет шаг: $w := w - \alpha\,\dfrac{dL}{dw}$. Напишите две функции.
#
# - `gradient_step(weights, gradients, alpha)` делает один шаг: возвращает список новых весов. `weights` — список весов,
#   `gradients` — список производных $L$ по этим весам, в том же порядке и той же длины, `alpha` — скорость обучения.
# - `steps_needed(distance, gradient, alpha)` возвращает целое число: за сколько шагов вес сдвинется на `distance` или больше, если
#   производная всё время остаётся равной `gradient`. `distance` больше нуля, а `gradient` может быть и отрицательным, но не ноль.
#   Последний шаг делается целиком, даже если хватило бы его части.
#
# <details><summary>Подсказка</summary>На сколько вес сдвигается за один шаг? Не важно, в какую сторону. Округлить вверх умеет
# <code>math.ceil</code>.</details>

# %% [markdown] tags=["lang-en"]
# ### The training step (4b, 2 points)
#
# A gradient changes nothing by itself, the step does: $w := w - \alpha\,\dfrac{dL}{dw}$. Write two functions.
#
# - `gradient_step(weights, gradients, alpha)` makes one step: it returns the list of the new weights. `weights` is a list of
#   weights, `gradients` the list of the derivatives of $L$ with respect to them, in the same order and of the same length,
#   `alpha` the learning rate.
# - `steps_needed(distance, gradient, alpha)` returns a whole number: after how many steps the weight has moved by `distance` or
#   more, if the derivative stays equal to `gradient` all the time. `distance` is greater than zero; `gradient` may be negative
#   too, but is not zero. The last step is made in full even if a part of it would do.
#
# <details><summary>Hint</summary>By how much does the weight move in one step? The direction does not matter.
# <code>math.ceil</code> rounds up.</details>

# %% nbgrader={"grade": false, "grade_id": "task4_gradient_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_step(weights, gradients, alpha):
    """One step of gradient descent.

    Args:
        weights: [w1, ..., wn], numbers.
        gradients: [dL/dw1, ..., dL/dwn], numbers.
        alpha: the learning rate, a number.

    Returns:
        list: the n new weights
    """
    ### BEGIN SOLUTION
    return [w - alpha * gradient for w, gradient in zip(weights, gradients)]
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task4_steps_needed", "locked": false, "schema_version": 3, "solution": true, "task": false}
def steps_needed(distance, gradient, alpha):
    """How many steps a weight needs to move by a distance, while its gradient stays the same.

    Args:
        distance: greater than zero.
        gradient: dL/dw, not zero.
        alpha: the learning rate, greater than zero.

    Returns:
        int: number of steps
    """
    ### BEGIN SOLUTION
    return math.ceil(distance / abs(alpha * gradient))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task4_gradient_step_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Один шаг / One step (1 балл / 1 point)
found = gradient_step([0.5, -1.0], [2.0, -3.0], 0.1)
assert found is not None, "gradient_step ничего не вернула / gradient_step returned nothing"
assert hasattr(found, "__len__"), f"нужен список, а не / a list is expected, not {found}"
assert len(found) == 2, f"чисел / numbers: {len(found)}, ожидалось / expected: 2"
for name, mine, right in zip(["w1", "w2"], found, (0.3, -0.7)):
    mark = "верно / right" if abs(float(mine) - right) < 1e-6 else "НЕВЕРНО / WRONG"
    print(f"{name} = {float(mine):g}, ожидалось / expected: {right:g}  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks import same_results
from grader.checks.skip_connection import step

same_results(
    lambda weights, gradients, alpha: gradient_step(list(weights), list(gradients), alpha),
    step.gradient_step,
    step.step_calls(),
    names=step.STEP_ARGUMENTS,
    mistakes=step.step_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task4_steps_needed_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Сколько шагов / How many steps (1 балл / 1 point)
for distance, gradient, alpha, right in [(1.0, 0.5, 0.3, 7), (0.1, -2.0, 0.02, 3)]:
    found = steps_needed(distance, gradient, alpha)
    assert found is not None, "steps_needed ничего не вернула / steps_needed returned nothing"
    mark = "верно / right" if float(found) == right else "НЕВЕРНО / WRONG"
    print(f"{distance}, {gradient}, {alpha}: {float(found):g}, ожидалось / expected: {right}  {mark}")
### BEGIN HIDDEN TESTS
from grader.checks import same_results
from grader.checks.skip_connection import step

same_results(
    steps_needed,
    step.steps_needed,
    step.distance_calls(),
    names=step.DISTANCE_ARGUMENTS,
    mistakes=step.distance_mistakes(),
)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ### Сколько шагов нужно первому весу
#
# Пусть все числа равны $0{,}1$, а скорость обучения $0{,}01$. За сколько шагов первый вес сдвинется хотя бы на $0{,}05$? Запись
# `5e+51` — это $5 \cdot 10^{51}$. Столько шагов не сделать и за всё время, что существует Вселенная, даже по миллиарду в секунду:
# в сети из пятидесяти слоёв без обходных путей первый вес не обучится никогда.

# %% [markdown] tags=["lang-en"]
# ### How many steps the first weight needs
#
# Let all numbers be $0.1$ and the learning rate $0.01$. After how many steps has the first weight moved by at least $0.05$?
# `5e+51` means $5 \cdot 10^{51}$. Even with a billion steps a second, so many take far longer than the universe has existed: in a
# network of fifty layers without skips the first weight never learns.

# %%
for depth in (3, 10, 50):
    plain, skip = (first_gradient(0.1, [0.1] * depth, 0.1, skip=has_skip) for has_skip in (False, True))
    print(f"слоёв / layers: {depth}")
    print(f"    без обходных путей / without skips: {steps_needed(0.05, plain, 0.01):.0e}")
    print(f"    с обходными путями / with skips:    {steps_needed(0.05, skip, 0.01)}")


# %% [markdown] tags=["lang-ru"]
# ## От чисел к картам признаков
#
# До сих пор в каждом слое был один нейрон. Но всё, что мы узнали, верно и для обычных сетей: со смещениями, активациями и
# множеством нейронов. Производные там тоже перемножаются вдоль дорог и складываются по дорогам, и новая дорога без весов точно
# так же добавляет единицу.
#
# В свёрточной сети складывают уже не числа, а карты признаков. На рисунке четыре свёртки 3×3, каждая даёт по шесть карт. Обходной
# путь ведёт от слоя 1 к слою 3: слой 4 получает сумму, **карта с картой** — первая с первой, вторая со второй и так далее.
# Значит, у слоёв 1 и 3 карт должно быть поровну. И размер у карт должен быть один: без `padding` каждая свёртка отрезает по пикселю
# с каждого края, и складывать 30×30 с 26×26 нельзя, а с `padding=1` все карты остаются 32×32.

# %% [markdown] tags=["lang-en"]
# ## From numbers to feature maps
#
# So far there has been one neuron in each layer. But all that we have found holds for ordinary networks too, with biases,
# activations and many neurons. There, too, derivatives are multiplied along the ways and added over the ways, and a new way
# without weights adds a 1 in just the same manner.
#
# A convolutional network does not add numbers but feature maps. The picture shows four 3×3 convolutions that give six maps each.
# A skip leads from layer 1 to layer 3: layer 4 gets the sum, **map by map**, the first with the first, the second with the
# second, and so on. So layers 1 and 3 need the same number of maps. And the maps need the same size: without `padding` each
# convolution cuts off a pixel at every edge, and 30×30 cannot be added to 26×26; with `padding=1` all maps stay 32×32.

# %% tags=["illustration"]
def draw_stack(ax, left, color):
    """Draw six feature maps, one behind the other."""
    for index in range(6):
        corner = (left + 0.14 * index, -0.75 + 0.14 * index)
        ax.add_patch(plt.Rectangle(corner, 1.3, 1.3, facecolor=color, edgecolor="white", zorder=-index))


figure, ax = plt.subplots(figsize=(12, 4.2))
arrow = {"arrowstyle": "-|>", "color": "#555555"}
wire = {"arrowstyle": "-|>", "color": "#2a6fbb", "linewidth": 2}
lefts, sum_at = [0, 3.6, 7.2, 12.2], 10.6
for number, left in enumerate(lefts, start=1):
    draw_stack(ax, left, "#9cc3e6" if number in (1, 3) else "#f6cf7a")
    ax.text(left + 1, -1.05, f"слой / layer {number}", ha="center", va="top", fontsize=11)
    ax.text(left + 1, -1.5, "6 × 32×32", ha="center", va="top", fontsize=11, weight="bold")
    ax.text(left + 1, -1.95, f"padding=0: {32 - 2 * number}×{32 - 2 * number}", ha="center", va="top", fontsize=9, color="#999999")
for start, end in [(-1.3, -0.1), (2.15, 3.5), (5.75, 7.1), (9.35, sum_at - 0.35), (sum_at + 0.35, 12.1)]:
    ax.annotate("", (end, 0), (start, 0), arrowprops=arrow)
for place in (-0.7, 2.8, 6.4, 11.5):
    ax.text(place, -0.15, "3×3", ha="center", va="top", fontsize=9)
ax.plot([1, 1, sum_at], [1.35, 2.1, 2.1], color="#2a6fbb", linewidth=2)
ax.annotate("", (sum_at, 0.32), (sum_at, 2.13), arrowprops=wire)
ax.text(sum_at, 0, "+", ha="center", va="center", fontsize=15, bbox={"boxstyle": "circle", "facecolor": "#ffffff", "edgecolor": "#555555"})
ax.text(5.8, 2.2, "обходной путь / skip", ha="center", va="bottom", fontsize=11, color="#2a6fbb")
ax.set_xlim(-1.5, 14.5)
ax.set_ylim(-2.4, 2.8)
ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# А если карты всё-таки разные? Каналов на выходе свёртки обычно не столько, сколько на входе, да и размер не всегда сохраняют.
# Тогда карты надо подогнать друг к другу. Есть три способа:
#
# 1. не давать карте уменьшаться: выбрать `padding` у самой свёртки;
# 2. дополнить меньшую карту нулями: по краям и новыми каналами. Ни одного нового параметра;
# 3. поставить на провод свёртку 1×1: она и каналы изменит, и размер, если дать ей шаг (stride). Так мы сделаем в тетради
#    про ResNet.
#
# ## Задача 5. Сложить карты признаков (3 балла)
#
# - `same_padding(kernel_size)` возвращает целое число: с каким `padding` свёртка с шагом 1 сохраняет размер карты. Размер ядра
#   нечётный: 1, 3, 5, ...
# - `pad_to(maps, channels, height, width)` дополняет карты `maps` формы `(N, C, H, W)` нулями до формы
#   `(N, channels, height, width)`. Новые каналы идут **после** старых. Новые строки и столбцы делятся поровну между двумя
#   сторонами, так что карта остаётся в середине; если их нечётное число, лишняя строка идёт **вниз**, лишний столбец —
#   **вправо**. Новый размер нигде не меньше старого.
# - `add_maps(first, second)` складывает карты разного размера: сначала дополняет обе нулями до **большего** числа каналов,
#   большей высоты и большей ширины. Что больше, заранее неизвестно: у одних карт может быть больше
#   каналов, а другие могут быть выше или шире. Число картинок `N` у них одинаковое.
#
# Входные тензоры менять нельзя, а градиент должен проходить к обоим.
#
# <details><summary>Подсказка</summary><code>F.pad(maps, (left, right, top, bottom, front, back))</code>: числа идут парами,
# начиная с <b>последней</b> оси.</details>

# %% [markdown] tags=["lang-en"]
# And what if the maps differ after all? A convolution usually does not give as many channels as it gets, and the size is not always
# kept. Then the maps have to be made to fit. There are three ways:
#
# 1. do not let the map shrink: choose the `padding` of the convolution itself;
# 2. fill up the smaller map with zeros, at the edges and with new channels. Not a single new parameter;
# 3. put a 1×1 convolution on the wire: it changes the channels, and with a stride the size too. That is what we do in the
#    notebook on ResNet.
#
# ## Task 5. Adding feature maps (3 points)
#
# - `same_padding(kernel_size)` returns an integer: the `padding` with which a convolution with stride 1 keeps the size of the
#   map. The size of the kernel is odd: 1, 3, 5, ...
# - `pad_to(maps, channels, height, width)` fills up `maps` of shape `(N, C, H, W)` with zeros to the shape
#   `(N, channels, height, width)`. New channels come **after** the old ones. New rows and columns are divided equally
#   between the two sides, so that the map stays in the middle; if their number is odd, the extra row is at the **bottom** and
#   the extra column on the **right**. The new size is nowhere smaller than the old one.
# - `add_maps(first, second)` adds maps of different sizes: it first fills up both with zeros to the **larger** number of
#   channels, the larger height and the larger width. Which is larger is not known beforehand: one may have more channels, the
#   other may be taller or wider. The number of pictures `N` is the same.
#
# Do not change the input tensors, and let the gradient pass to both.
#
# <details><summary>Hint</summary><code>F.pad(maps, (left, right, top, bottom, front, back))</code>: the numbers come in
# pairs, beginning with the <b>last</b> axis.</details>

# %% nbgrader={"grade": false, "grade_id": "task5_same_padding", "locked": false, "schema_version": 3, "solution": true, "task": false}
def same_padding(kernel_size):
    """The padding with which a convolution with stride 1 keeps the size of the map.

    Args:
        kernel_size: size of the kernel, an odd integer.

    Returns:
        int: pixels at every edge
    """
    ### BEGIN SOLUTION
    return (kernel_size - 1) // 2
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task5_pad_to", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pad_to(maps, channels, height, width):
    """Zeros around the maps, and behind their channels.

    Args:
        maps: feature maps, (N, C, H, W).
        channels, height, width: new sizes, none smaller than the old one.

    Returns:
        Tensor: (N, channels, height, width)
    """
    ### BEGIN SOLUTION
    new_channels = channels - maps.shape[1]
    rows = height - maps.shape[2]
    columns = width - maps.shape[3]
    left, top = columns // 2, rows // 2
    return F.pad(maps, (left, columns - left, top, rows - top, 0, new_channels))
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task5_add_maps", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add_maps(first, second):
    """The sum of feature maps of different sizes; what is missing is zero.

    Args:
        first, second: feature maps, (N, C1, H1, W1) and (N, C2, H2, W2).

    Returns:
        Tensor: (N, max(C1, C2), max(H1, H2), max(W1, W2))
    """
    ### BEGIN SOLUTION
    channels = max(first.shape[1], second.shape[1])
    height = max(first.shape[2], second.shape[2])
    width = max(first.shape[3], second.shape[3])
    return pad_to(first, channels, height, width) + pad_to(second, channels, height, width)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task5_same_padding_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# padding свёртки / Padding of a convolution (1 балл / 1 point)
for kernel_size in (1, 3, 5):
    padding = same_padding(kernel_size)
    assert hasattr(padding, "__index__"), f"padding - целое число (int), а не {padding!r} / padding is an int, not {padding!r}"
    size = nn.Conv2d(1, 1, kernel_size, padding=padding)(torch.zeros(1, 1, 9, 9)).shape[-1]
    print(f"ядро / kernel {kernel_size}, padding {padding}: 9 -> {size}, ожидалось / expected: 9")
### BEGIN HIDDEN TESTS
from grader.checks import drawing, same_results
from grader.checks.skip_connection.maps import same_padding_mistakes

same_results(
    same_padding,
    lambda kernel_size: kernel_size // 2,
    [(kernel_size,) for kernel_size in (1, 3, *drawing.numbers(4, 7, 99, 2))],  # 1 and 3 stand above
    names=["kernel_size"],
    mistakes=same_padding_mistakes(),
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_pad_to_maps", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Дополнить нулями / Filling up with zeros (1 балл / 1 point)
maps = torch.arange(1.0, 5.0).reshape(1, 1, 2, 2)
found = pad_to(maps, 2, 4, 5)
assert isinstance(found, torch.Tensor), f"pad_to вернула {type(found).__name__} / pad_to returned {type(found).__name__}"
assert found.shape == (1, 2, 4, 5), f"форма / shape: {tuple(found.shape)}, ожидалась / expected: (1, 2, 4, 5)"
right = torch.zeros(2, 4, 5)
right[0, 1:3, 1:3] = maps
print(f"ваш ответ / your answer:\n{found[0].detach()}\nожидалось / expected:\n{right}")
### BEGIN HIDDEN TESTS
from grader.checks import FunctionModule, does_not_change_its_input, same_function
from grader.checks.skip_connection import maps as fitting

for size in [(7, 8, 9), (4, 9, 6), (5, 6, 11), (4, 5, 6)]:
    student = FunctionModule(lambda maps: pad_to(maps, *size))
    x = torch.randn(2, 4, 5, 6)
    same_function(student, FunctionModule(lambda maps: fitting.pad_to(maps, *size)), x, suspects=fitting.pad_to_mistakes(*size))
    does_not_change_its_input(student, x)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task5_add_maps_sum", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Сумма карт разного размера / Sum of maps of different sizes (1 балл / 1 point)
found = add_maps(torch.ones(2, 3, 4, 6), torch.ones(2, 5, 4, 2))
assert isinstance(found, torch.Tensor), f"add_maps вернула {type(found).__name__} / add_maps returned {type(found).__name__}"
assert found.shape == (2, 5, 4, 6), f"форма / shape: {tuple(found.shape)}, ожидалась / expected: (2, 5, 4, 6)"
print(f"сумма всех чисел / sum of all numbers: {found.sum():g}, ожидалась / expected: {2 * 3 * 4 * 6 + 2 * 5 * 4 * 2}")
### BEGIN HIDDEN TESTS
from grader.checks import FunctionModule, does_not_change_its_input, same_function
from grader.checks.skip_connection import maps as fitting

sizes = [((4, 9, 7), (6, 5, 4)), ((6, 5, 4), (4, 9, 7)), ((3, 8, 3), (5, 4, 8)), ((4, 5, 6), (4, 5, 6))]
for first, second in sizes:
    inputs = torch.randn(2, *first), torch.randn(2, *second)
    student = FunctionModule(add_maps)
    same_function(student, FunctionModule(fitting.add_maps), *inputs, suspects=fitting.add_maps_mistakes())
    does_not_change_its_input(student, *inputs)
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Вот что делает `add_maps` с двумя картами: одна 8×8, другая 4×5. Меньшая лежит почти в середине.

# %% [markdown] tags=["lang-en"]
# This is what `add_maps` does to two maps, one 8×8 and the other 4×5. The smaller one lies almost in the middle.

# %%
large = torch.linspace(0, 1, 8).repeat(8, 1)[None, None]
small = torch.ones(1, 1, 4, 5)
figure, axes = plt.subplots(1, 3, figsize=(8, 2.8))
pictures = [("first", large), ("second", pad_to(small, 1, 8, 8)), ("add_maps", add_maps(large, small))]
for ax, (title, maps) in zip(axes, pictures):
    ax.imshow(maps[0, 0], vmin=0, vmax=2, cmap="viridis")
    ax.set_title(title)
    ax.axis("off")
plt.show()


# %% [markdown] tags=["lang-ru"]
# ## Задача 6. Модуль Skip (2 балла)
#
# Обходной путь можно проложить вокруг чего угодно. Напишите модуль `Skip(branch, shortcut=None)`, который принимает два готовых
# модуля:
#
# $$y = \mathrm{branch}(x) + \mathrm{shortcut}(x),$$
#
# а если `shortcut` не дан (равен `None`), то $y = \mathrm{branch}(x) + x$.
#
# После сложения ничего нет: ни ReLU, ни нормализации. Формы `branch(x)` и `shortcut(x)` всегда одинаковы. Вход $x$ модуль не
# портит, а градиент проходит по обеим ветвям, каким бы слоем `branch` ни кончался, хоть ReLU.
#
# <details><summary>Подсказка</summary>Запись <code>out += x</code> меняет тензор <code>out</code> на месте. Иногда он ещё нужен
# для обратного прохода: например, ReLU запоминает свой выход.</details>

# %% [markdown] tags=["lang-en"]
# ## Task 6. The module Skip (2 points)
#
# A skip can go around anything. Write a module `Skip(branch, shortcut=None)` that takes two finished modules:
#
# $$y = \mathrm{branch}(x) + \mathrm{shortcut}(x),$$
#
# and where no `shortcut` is given (it is `None`), $y = \mathrm{branch}(x) + x$.
#
# Nothing follows the addition: no ReLU, no normalisation. The shapes of `branch(x)` and `shortcut(x)` are always equal. The
# module does not spoil its input $x$, and the gradient passes along both ways, whatever the last layer of `branch` is, even
# ReLU.
#
# <details><summary>Hint</summary><code>out += x</code> changes the tensor <code>out</code> in place. Sometimes the backward pass
# still needs it: ReLU, for example, remembers its output.</details>

# %% nbgrader={"grade": false, "grade_id": "task6_skip", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Skip(nn.Module):
    """A skip connection around any module (He et al. 2015, equations 1 and 2).

    Args:
        branch: a module.
        shortcut: a module that makes x fit the output of the branch; None where it fits already.

    Shape:
        any -> the shape of branch(x)
    """

    def __init__(self, branch, shortcut=None):
        super().__init__()
        ### BEGIN SOLUTION
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.branch(x) + self.shortcut(x)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task6_skip_output", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Выход модуля / Output of the module (1 балл / 1 point)
def skip_of(in_channels, out_channels, stride, has_shortcut):
    """Your Skip around convolution - BatchNorm - ReLU."""
    branch = nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1), nn.BatchNorm2d(out_channels), nn.ReLU()
    )
    if has_shortcut:
        return Skip(branch, nn.Conv2d(in_channels, out_channels, 1, stride=stride))
    return Skip(branch)


x = torch.randn(2, 4, 6, 6)
output = skip_of(4, 4, 1, False)(x)
found = type(output).__name__
assert isinstance(output, torch.Tensor), f"forward вернул {found}, а нужен тензор / forward returned {found}, not a tensor"
assert output.shape == x.shape, f"форма / shape: {tuple(output.shape)}, ожидалась / expected: {tuple(x.shape)}"
### BEGIN HIDDEN TESTS
from grader.checks import does_not_change_its_input, same_function
from grader.checks.skip_connection import module as skips

for sizes in [(4, 4, 1, False), (4, 4, 1, True), (4, 6, 2, True)]:
    x = torch.randn(4, 4, 8, 8)
    same_function(
        skip_of(*sizes), skips.skip_block(*sizes), x, suspects=skips.skip_mistakes(*sizes), gradients=False
    )
    does_not_change_its_input(skip_of(*sizes), x)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task6_skip_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Градиенты / Gradients (1 балл / 1 point)
module = skip_of(4, 4, 1, True)
output = module(torch.randn(2, 4, 6, 6))
assert isinstance(output, torch.Tensor), f"forward вернул / forward returned {type(output).__name__}"
try:
    output.sum().backward()
except RuntimeError as error:
    cause = "нет ли в forward операции на месте, например +=? / is there an in-place operation in forward, such as +=?"
    cause = f"{cause}\n" if "place" in str(error) else ""
    raise AssertionError(f"обратный проход не удался / backward failed: {cause}{error}") from None
assert list(module.parameters()), "у модуля нет параметров: сохраните branch в self / the module has no parameters: keep branch in self"
unreached = [name for name, parameter in module.named_parameters() if parameter.grad is None]
assert not unreached, f"до этих параметров градиент не дошёл / no gradient reaches these parameters: {unreached}"
### BEGIN HIDDEN TESTS
from grader.checks import gradients_match
from grader.checks.skip_connection import module as skips

for sizes in [(4, 4, 1, False), (4, 4, 1, True), (4, 6, 2, True)]:
    x = torch.randn(4, 4, 8, 8)
    gradients_match(skip_of(*sizes), skips.skip_block(*sizes), x, suspects=skips.skip_mistakes(*sizes))
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# ## Задача 7. Глубокая сеть (2 балла)
#
# Теперь настоящий опыт. Построим две сети одинаковой глубины, обычную и с обходными путями, и посмотрим, сколько градиента
# достаётся каждому слою.
#
# - `make_stack(depth, channels, skip=False)` возвращает `nn.Sequential` из `depth` одинаковых по устройству слоёв. Каждый слой —
#   свёртка 3×3 из `channels` каналов в `channels` (размер карты сохраняется), за ней `nn.Tanh`. При `skip=True` **каждый** слой
#   (свёртка вместе с Tanh) обёрнут в ваш `Skip`, то есть $y = \tanh(\mathrm{conv}(x)) + x$. Почему не ReLU? Он даёт только
#   неотрицательные числа, и сумма на проводе росла бы от слоя к слою, а BatchNorm, который её сдержал бы, мы пока не ставим.
# - `gradient_norms(net, x)` возвращает список чисел: норму градиента **весов** каждого слоя, от первого слоя к последнему.
#   Функция потерь — среднее квадратов всех чисел на выходе: `net(x).square().mean()`. Весами считаем параметры, у которых больше
#   одной оси (`p.dim() > 1`), смещения не нужны. Норма — корень из суммы квадратов, `p.grad.norm()`. Сеть может быть любой, и
#   если вызвать функцию дважды, ответ должен быть тот же: прежний градиент сначала сотрите (`net.zero_grad()`).

# %% [markdown] tags=["lang-en"]
# ## Task 7. A deep network (2 points)
#
# Now for a real experiment. Build two networks of the same depth, a plain one and one with skips, and see how much gradient
# every layer gets.
#
# - `make_stack(depth, channels, skip=False)` returns an `nn.Sequential` of `depth` layers that are built alike. Each layer is a
#   3×3 convolution from `channels` to `channels` (the size of the map stays), followed by `nn.Tanh`. With `skip=True`
#   **every** layer (convolution together with Tanh) is wrapped in your `Skip`, that is, $y = \tanh(\mathrm{conv}(x)) + x$. Why
#   not ReLU? It gives no negative numbers, so the sum on the wire would grow from layer to layer, and BatchNorm, which would
#   hold it back, is left out here.
# - `gradient_norms(net, x)` returns a list of numbers: the norm of the gradient of the **weights** of each layer, from the first
#   layer to the last. The loss is the mean of the squares of all output numbers, `net(x).square().mean()`. Weights are the
#   parameters with more than one axis (`p.dim() > 1`); biases are left out. The norm is the root of the sum of squares,
#   `p.grad.norm()`. Any network may be given, and a second call has to give the same answer: first wipe out the old gradient
#   (`net.zero_grad()`).

# %% nbgrader={"grade": false, "grade_id": "task7_make_stack", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_stack(depth, channels, skip=False):
    """A deep row of layers: convolution 3x3 and Tanh.

    Args:
        depth: number of layers.
        channels: channels of every map.
        skip: whether every layer is wrapped in a `Skip`.

    Returns:
        nn.Sequential: (N, channels, H, W) -> (N, channels, H, W)
    """
    ### BEGIN SOLUTION
    layers = []
    for _ in range(depth):
        layer = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Tanh())
        layers.append(Skip(layer) if skip else layer)
    return nn.Sequential(*layers)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "task7_gradient_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_norms(net, x):
    """How much gradient each layer gets.

    Args:
        net: any network.
        x: its input.

    Returns:
        list: one number for each parameter with more than one axis, from the first layer to the last
    """
    ### BEGIN SOLUTION
    net.zero_grad()
    net(x).square().mean().backward()
    return [p.grad.norm().item() for p in net.parameters() if p.dim() > 1]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "task7_make_stack_function", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Сеть / Network (1 балл / 1 point)
for skip in (False, True):
    net = make_stack(5, 4, skip)
    assert net is not None, "make_stack ничего не вернула / make_stack returned nothing"
    output = net(torch.randn(2, 4, 6, 6))
    assert output.shape == (2, 4, 6, 6), f"форма / shape: {tuple(output.shape)}, ожидалась / expected: (2, 4, 6, 6)"
    count = sum(parameter.numel() for parameter in net.parameters())
    assert count == 5 * (4 * 4 * 9 + 4), f"параметров / parameters: {count}, ожидалось / expected: {5 * (4 * 4 * 9 + 4)}"
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import deep_stack
from grader.checks import same_function

for arguments in [(3, 6), (2, 5, True)]:
    depth, channels, skip = (*arguments, False)[:3]
    same_function(
        make_stack(*arguments),
        deep_stack.stack(*arguments),
        torch.randn(2, channels, 7, 7),
        suspects=deep_stack.stack_mistakes(depth, channels, skip),
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "task7_gradient_norms_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Нормы градиентов, без ваших Skip и make_stack / Norms of gradients, without your Skip and make_stack (1 балл / 1 point)
def norms_of_probe(weights, x):
    """Your gradient_norms of convolutions with Tanh between them, called twice in a row."""
    layers = []
    for weight in weights:
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding=weight.shape[2] // 2)
        conv.weight.data.copy_(weight)
        conv.bias.data.fill_(0.1)
        layers += [conv, nn.Tanh()]
    net = nn.Sequential(*layers)
    return [[float(norm) for norm in gradient_norms(net, x)] for _call in range(2)]


# d(mean((wx)^2)) / dw = 2 w mean(x^2) = 2 * 3 * 4
linear = nn.Linear(1, 1, bias=False)
linear.weight.data.fill_(3.0)
found = gradient_norms(linear, torch.tensor([[2.0], [-2.0]]))
assert found is not None, "gradient_norms ничего не вернула / gradient_norms returned nothing"
assert len(found) == 1, f"чисел / numbers: {len(found)}, ожидалось / expected: 1"
print(f"норма / norm: {float(found[0]):.3f}, ожидалась / expected: 24.000")
first, second = norms_of_probe([torch.randn(3, 2, 3, 3), torch.randn(2, 3, 1, 1)], torch.randn(2, 2, 5, 5))
print(f"первый вызов / first call: {first}, второй / second: {second}; должны совпасть / they have to agree")
### BEGIN HIDDEN TESTS
from grader.checks.skip_connection import deep_stack
from grader.checks import same_results

calls = []
for channels in [(2, 3, 2, 4), (3, 2), (2, 4, 3)]:
    weights = [0.4 * torch.randn(after, before, 3, 3) for before, after in zip(channels, channels[1:])]
    weights[0] *= 0.2
    calls.append((weights, torch.randn(2, channels[0], 5, 5)))
for which, known in enumerate([deep_stack.gradient_norm_mistakes(), deep_stack.accumulation_mistakes()]):
    same_results(
        lambda weights, x: norms_of_probe(weights, x)[which],
        deep_stack.gradient_norms,
        calls,
        names=["weights", "x"],
        mistakes=known,
        tolerance=1e-4,
    )
### END HIDDEN TESTS

# %% [markdown] tags=["lang-ru"]
# Тридцать слоёв, обычных и с обходными путями. Слой 1 — самый близкий ко входу.

# %% [markdown] tags=["lang-en"]
# Thirty layers, plain and with skips. Layer 1 is the one next to the input.

# %%
torch.manual_seed(0)
depth, channels = 30, 8
x = torch.randn(8, channels, 12, 12)
plt.figure(figsize=(7, 3.5))
for skip, label in [(False, "обычная / plain"), (True, "с обходом / skip")]:
    norms = gradient_norms(make_stack(depth, channels, skip), x)
    plt.semilogy(range(1, depth + 1), norms, "o-", ms=3, label=label)
plt.xlabel("слой / layer")
plt.ylabel("норма / gradient norm")
plt.legend()
plt.grid(alpha=0.3)
plt.show()


# %% [markdown] tags=["lang-ru"]
# А теперь обучим обе сети одному и тому же: отличать горизонтальные полосы от вертикальных. Задача пустяковая, для неё глубина
# не нужна. Ниже — потери на каждом шаге обучения; пунктир $\ln 2 \approx 0{,}69$ — это потери того, кто отвечает наугад.

# %% [markdown] tags=["lang-en"]
# And now train both networks on the same task: to tell horizontal stripes from vertical ones. The task is trivial, it needs no
# depth. Below is the loss at each step of the training; the dashed line $\ln 2 \approx 0.69$ is the loss of somebody who
# guesses.

# %%
def stripes(count, size=8):
    """Pictures of stripes, horizontal (class 0) or vertical (class 1), with noise."""
    labels = torch.arange(count) % 2
    waves = torch.sin(torch.arange(size) * 1.5 + 6.28 * torch.rand(count, 1))
    pictures = waves[:, None, :].repeat(1, size, 1)
    pictures[labels == 0] = pictures[labels == 0].transpose(1, 2)
    return (pictures + 0.3 * torch.randn(count, size, size))[:, None], labels


def train(skip, depth=30, steps=30):
    """Losses of a network with such a stack, step by step."""
    torch.manual_seed(0)
    first = nn.Conv2d(1, 8, 3, padding=1)
    last = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    net = nn.Sequential(first, make_stack(depth, 8, skip), last)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    losses = []
    for _step in range(steps):
        pictures, labels = stripes(32)
        loss = F.cross_entropy(net(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


plt.figure(figsize=(7, 3.5))
plt.axhline(math.log(2), color="#999999", linestyle="--", linewidth=4)
plt.plot(train(skip=False), label="обычная / plain")
plt.plot(train(skip=True), label="с обходом / skip")
plt.xlabel("шаг / step")
plt.ylabel("потери / loss")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %% [markdown] tags=["lang-ru"]
# ## Задача 8. Подумайте (2 балла)
#
# Ответьте двумя-тремя предложениями на каждый вопрос. Опирайтесь на свои графики и формулы.
#
# 1. Почему очень глубокая сеть без обходных путей не учится, хотя до её последних слоёв градиент доходит?
# 2. Что изменится в производной по первому весу, если проложить обходной путь, и почему провод не мешает свёрткам учиться
#    чему-то полезному?

# %% [markdown] tags=["lang-en"]
# ## Task 8. Think (2 points)
#
# Answer each question in two or three sentences. Use your plots and formulas.
#
# 1. Why does a very deep network without skips not learn although the gradient does reach its last layers?
# 2. What changes in the derivative with respect to the first weight when there is a skip, and why does the wire not keep the
#    network from learning something useful in its convolutions?

# %% [markdown] nbgrader={"grade": true, "grade_id": "task8_discussion", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# 1. Градиент первого слоя — произведение множителей всех следующих слоёв. Если они меньше единицы, произведение убывает с
# глубиной как показательная функция, и первые слои почти не меняются. Последние слои учатся, но получают на вход то, что
# испорчено случайными первыми слоями: сведения о картинке до них почти не доходят, и учиться им не на чем.
# 2. Вместо произведения весов появляется произведение скобок (вес + 1): раскрыв скобки, получим слагаемое 1, которое от
# глубины не зависит, и градиент доходит до начала. Свёртки при этом никуда не делись: они учат поправку к тому, что идёт по
# проводу, а если поправка не нужна, им достаточно выдать ноль.
#
# 1. The gradient of the first layer is a product of factors of all later layers. If they are below one, the product decays
# exponentially with depth, and the first layers hardly change. The last layers do learn, but they read what the random first
# layers have spoilt: hardly anything of the picture comes through, so there is nothing to learn from.
# 2. The product of weights becomes a product of brackets (weight + 1): expanding it gives a term 1 that does not depend on
# depth, so the gradient arrives at the beginning. The convolutions are still there: they learn a correction to what comes
# along the wire, and where none is needed they only have to give zero.

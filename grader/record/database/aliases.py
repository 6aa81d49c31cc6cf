"""Aliases for the class's page: a friendly adjective and an animal, drawn at random.

An alias says nothing about the student: it is neither computed from the id nor handed out in order. All words are
masculine, so that any two agree in Russian, and none can be taken for a taunt.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable


def _words(text: str) -> list[str]:
    return text.split()


_ADJECTIVES = _words("""
    Бодрый Быстрый Ванильный Важный Верный Весёлый Внимательный Воздушный Громкий Дальний Добрый Дружный Звёздный
    Звонкий Зимний Золотой Изумрудный Искристый Квантовый Космический Кристальный Лазурный Лесной Летний Летучий
    Лимонный Ловкий Лунный Малиновый Мечтательный Мудрый Мятный Небесный Неутомимый Огненный Озорной Осенний Отважный
    Полярный Радостный Радужный Речной Рассветный Светлый Северный Серебряный Сияющий Смелый Смешливый Снежный Солнечный
    Спокойный Степной Тёплый Точный Упорный Утренний Учёный Хрустальный Цветной Шустрый Юркий Янтарный Ясный
""")

_ANIMALS = _words("""
    Альбатрос Барсук Бобр Бурундук Ворон Гепард Горностай Дельфин Дрозд Дятел Енот Ёж Жаворонок Журавль Заяц Зимородок
    Зубр Калан Кашалот Кенгуру Кит Колибри Кот Краб Кролик Леопард Лось Манул Морж Мотылёк Муравьед Нарвал Лемур
    Опоссум Орёл Осьминог Павлин Пеликан Пингвин Попугай Кондор Скворец Снегирь Соболь Сокол Стриж Сурок Свиристель
    Тапир Тигр Тукан Тушканчик Тюлень Утконос Филин Фламинго Хамелеон Хомяк Шмель Щегол Ягуар Ястреб Дракон Единорог
""")

# 64 x 64 pairs: a full class of 30 collides at a draw in under one case of a hundred.
_DRAWS_BEFORE_A_NUMBER = 20


def draw(is_taken: Callable[[str], bool], choose: Callable[[list[str]], str] = secrets.choice) -> str:
    """An alias that nobody has; numbered once the pairs run short."""
    number = 1
    while True:
        for _ in range(_DRAWS_BEFORE_A_NUMBER):
            pair = f"{choose(_ADJECTIVES)} {choose(_ANIMALS)}"
            alias = pair if number == 1 else f"{pair} {number}"
            if not is_taken(alias):
                return alias
        number += 1

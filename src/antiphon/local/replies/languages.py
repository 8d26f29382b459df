"""The languages of simulated replies: how to tell them, and what to say in them."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Phrases", "phrases"]

_LOOKED_AT = 600


class Phrases(NamedTuple):
    """What a simulated reply says in one language."""

    simulated: str
    """That the reply is simulated, and by whom."""
    wrote: str
    """Introduces the words that were sent."""
    received: str
    """Introduces the blocks that were sent."""
    results: str
    """Introduces what tools returned."""
    calling: str
    """Introduces the tools about to be called."""
    cited: str
    """Introduces what a document says."""


_ENGLISH = Phrases(
    "Simulated by antiphon's local server.",
    "You wrote:",
    "Received:",
    "Results:",
    "Calling:",
    "Source:",
)
_LATIN = {
    "fr": Phrases(
        "Réponse simulée par le serveur local d'antiphon.",
        "Vous avez écrit :",
        "Reçu :",
        "Résultats :",
        "Appel :",
        "Source :",
    ),
    "de": Phrases(
        "Simuliert vom lokalen Server von antiphon.",
        "Sie schrieben:",
        "Erhalten:",
        "Ergebnisse:",
        "Aufruf:",
        "Quelle:",
    ),
    "es": Phrases(
        "Simulado por el servidor local de antiphon.",
        "Usted escribió:",
        "Recibido:",
        "Resultados:",
        "Llamada:",
        "Fuente:",
    ),
    "it": Phrases(
        "Simulato dal server locale di antiphon.",
        "Hai scritto:",
        "Ricevuto:",
        "Risultati:",
        "Chiamata:",
        "Fonte:",
    ),
    "pt": Phrases(
        "Simulado pelo servidor local do antiphon.",
        "Você escreveu:",
        "Recebido:",
        "Resultados:",
        "Chamada:",
        "Fonte:",
    ),
    "nl": Phrases(
        "Gesimuleerd door de lokale server van antiphon.",
        "U schreef:",
        "Ontvangen:",
        "Resultaten:",
        "Aanroep:",
        "Bron:",
    ),
}
_BY_SCRIPT = (
    (
        re.compile("[\u3040-\u30ff]"),
        Phrases(
            "antiphonのローカルサーバーによる模擬応答です。",
            "入力：",
            "受信：",
            "結果：",
            "呼び出し：",
            "出典：",
        ),
    ),
    (
        re.compile("[\uac00-\ud7a3]"),
        Phrases(
            "antiphon 로컬 서버의 모의 응답입니다.", "입력:", "수신:", "결과:", "호출:", "출처:"
        ),
    ),
    (
        re.compile("[\u4e00-\u9fff]"),
        Phrases("由 antiphon 本地服务器模拟。", "您写道：", "收到：", "结果：", "调用：", "来源："),
    ),
    (
        re.compile("[\u0400-\u04ff]"),
        Phrases(
            "Имитация локального сервера antiphon.",
            "Вы написали:",
            "Получено:",
            "Результаты:",
            "Вызов:",
            "Источник:",
        ),
    ),
    (
        re.compile("[\u0600-\u06ff]"),
        Phrases(
            "محاكاة من خادم antiphon المحلي.",
            "كتبت:",
            "تم الاستلام:",
            "النتائج:",
            "استدعاء:",
            "المصدر:",
        ),
    ),
    (
        re.compile("[\u0900-\u097f]"),
        Phrases(
            "antiphon के स्थानीय सर्वर का अनुकरण।", "आपने लिखा:", "प्राप्त:", "परिणाम:", "कॉल:", "स्रोत:"
        ),
    ),
)
_COMMON_WORDS = {
    "en": "the is are what how do you i a an of to in and for me my this that it with please can hello hi",
    "fr": "le la les des est et je tu vous que qui une un dans pour quel quelle avec bonjour merci ce de du au à ça il",
    "de": "der die das ist und ich du sie nicht ein eine wie was mit für auf den dem hallo bitte wir zu im wer wo",
    "es": "el la los las es y yo tú que una un en para qué cuál cómo con hola gracias por de del está son",
    "it": "il lo la gli è e io tu che una un per con come ciao grazie di della sono cosa qual quale nel questo",
    "pt": "o a os as é e eu você que uma um em para com como olá obrigado de do da não está qual são por",
    "nl": "de het een is en ik je jij u niet wat hoe met voor op hallo dank van dit dat zijn waar welke",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")


def phrases(text: str) -> Phrases:
    """What to say in the language of `text`: English where it cannot be told."""
    beginning = text[:_LOOKED_AT]
    if not beginning.isascii():
        for script, spoken in _BY_SCRIPT:
            if script.search(beginning):
                return spoken
    words = set(_WORD.findall(beginning.lower()))
    language = max(_WORDS, key=lambda each: len(words & _WORDS[each]))
    return _LATIN.get(language, _ENGLISH)

"""A quiz as a part of a page: a form with hashes of the right answers and explanations under a veil.

A quiz teaches and counts for nothing: its page shows neither answers nor explanations at a glance, and
whoever takes pains can read both.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from collections.abc import Callable
from html import escape
from itertools import count, pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from publish.quiz import Data, Quiz, near, values

HASH = 10  # hexadecimal digits that stand for an answer
SAYING = re.compile(r'(<template class="cq-say")>(.*?)</template>', re.S)

WORDS = {
    "vi": {
        "title": "Câu {n}",
        "check": "Kiểm tra",
        "answer": "Câu trả lời",
        "up": "Đưa lên: {item}",
        "down": "Đưa xuống: {item}",
        "choose": "– chọn –",
        "no_script": "Phần tự kiểm tra cần JavaScript để chấm; câu hỏi vẫn đọc và in được.",
        "several": "Chọn mọi ý đúng.",
        "order": "Xếp thứ tự bằng nút mũi tên.",
        "match": "Chọn phần ghép với mỗi dòng.",
    },
    "en": {
        "title": "Question {n}",
        "check": "Check",
        "answer": "Answer",
        "up": "Move up: {item}",
        "down": "Move down: {item}",
        "choose": "– choose –",
        "no_script": "The self-check needs JavaScript to tell right from wrong; the questions can be read.",
        "several": "Tick all that apply.",
        "order": "Put them in order with the arrow buttons.",
        "match": "Choose what goes with each line.",
    },
}

_markdown = MarkdownIt("commonmark").use(dollarmath_plugin)
# as Sphinx writes a formula, so that publish.light typesets it
_markdown.add_render_rule(
    "math_inline",
    lambda self, tokens, i, options, env: (
        rf'<span class="math notranslate nohighlight">\({escape(tokens[i].content)}\)</span>'
    ),
)


def _inline(text: str) -> str:
    return str(_markdown.renderInline(text.strip()))


def key(week: str, question: str, slot: int, value: str | int) -> str:
    """What the page holds of a right answer; `publish/assets/quiz/quiz.js` works it out in the same way."""
    return hashlib.sha256(f"{week}/{question}/{slot}={value}".encode()).hexdigest()[:HASH]


def form(quiz: Quiz, language: str, picture: Callable[[Data], str]) -> str:
    """The quiz as HTML, its explanations still legible (see `seal`).

    Parameters
    ----------
    quiz : Quiz
        What its file says.
    language : {"vi", "en"}
        Which of its two texts.
    picture : callable
        Draws a question's chart and returns the address of its picture.
    """
    words, parts = WORDS[language], []
    for number, question in enumerate(quiz.questions, 1):
        body, right, wrong, says = _PARTS[question["kind"]](quiz.week, question, language)
        chart = ""
        if "chart" in question:
            alt = escape(question["chart"]["alt"][language].strip(), quote=True)
            chart = f'<img class="cq-chart" loading="lazy" src="{picture(question)}" alt="{alt}">'
        hint = f'<p class="cq-hint">{words[question["kind"]]}</p>' if question["kind"] in words else ""
        name = f"{quiz.week}-quiz-{question['id']}"
        attributes = {
            "id": name,
            "data-question": question["id"],
            "data-kind": question["kind"],
            "data-right": json.dumps(right),
            "data-wrong": json.dumps(wrong),
            "data-digits": str(question.get("digits", "")),
        }
        shown = " ".join(f'{k}="{escape(v, quote=True)}"' for k, v in attributes.items())
        templates = "".join(f'<template class="cq-say">{say}</template>' for say in says)
        parts.append(
            f'<form class="cq-question" method="dialog" {shown} aria-labelledby="{name}-title" novalidate>'
            f'<p class="cq-title" id="{name}-title">{words["title"].format(n=number)}</p>'
            f'<div class="cq-ask">{_markdown.render(question["ask"][language])}</div>{chart}{hint}{body}'
            f'<p class="cq-act"><button type="submit" class="cq-check">{words["check"]}</button></p>'
            f'<div class="cq-reply" role="status" aria-live="polite"></div>{templates}</form>'
        )
    return (
        f'<div class="course-quiz" data-quiz="{quiz.week}"><noscript><p>{words["no_script"]}</p></noscript>'
        + "".join(parts)
        + "</div>"
    )


Parts = tuple[str, list[str], dict[str, int], list[str]]  # body, right hashes, wrong hash to say, says


def shuffled(week: str, question: str, size: int) -> list[int]:
    """Positions in an order that is always the same and never the right one."""
    order = list(range(size))
    for attempt in count():
        random.Random(f"{week}/{question}/{attempt}").shuffle(order)
        if size < 2 or order != sorted(order):
            return order
    raise AssertionError


def _options(week: str, question: Data, language: str) -> Parts:
    several = question["kind"] == "several"
    order = shuffled(week, question["id"], len(question["options"]))
    rows, right, says = [], [], []
    for shown, position in enumerate(order):
        option = question["options"][position]
        name = f"{week}-quiz-{question['id']}"
        rows.append(
            f'<label class="cq-option"><input type="{"checkbox" if several else "radio"}" name="{name}" '
            f'value="{shown}"> <span>{_inline(option["text"][language])}</span></label>'
        )
        says.append(_inline(option["say"][language]))
        good = option.get("right") is True
        if several:
            right.append(key(week, question["id"], shown, int(good)))
        elif good:
            right.append(key(week, question["id"], 0, shown))
    return f'<div class="cq-options">{"".join(rows)}</div>', right, {}, says


def _number(week: str, question: Data, language: str) -> Parts:
    (_, answer), *mistakes = values(question)
    right = [key(week, question["id"], 0, shown) for shown in near(answer, question)]
    wrong = {
        key(week, question["id"], 0, shown): i + 2
        for i, (_, value) in enumerate(mistakes)
        for shown in near(value, question)
    }
    says = [_inline(x[language]) for x in (question["say"], question["other"])]
    says += [_inline(mistake["say"][language]) for mistake in question["wrong"]]
    name = f"{week}-quiz-{question['id']}-value"
    body = (
        f'<p class="cq-number"><label for="{name}">{WORDS[language]["answer"]}</label> '
        f'<input id="{name}" type="text" inputmode="decimal" autocomplete="off" size="9"> '
        f"<span>{_inline(question['unit'][language])}</span></p>"
    )
    return body, right, wrong, says


def _order(week: str, question: Data, language: str) -> Parts:
    order = shuffled(week, question["id"], len(question["items"]))
    rows, says = [], []
    for shown, position in enumerate(order):
        item = question["items"][position]
        plain = re.sub(r"[*$`_]", "", item["text"][language]).strip()
        moves = "".join(
            f'<button type="button" class="cq-move" data-move="{step}" '
            f'aria-label="{escape(WORDS[language][way].format(item=plain), quote=True)}">{arrow}</button>'
            for way, step, arrow in (("up", -1, "↑"), ("down", 1, "↓"))
        )
        rows.append(
            f'<li data-item="{shown}"><span>{_inline(item["text"][language])}</span>'
            f'<span class="cq-moves">{moves}</span></li>'
        )
        says.append(_inline(item["say"][language]))
    right = [key(week, question["id"], place, order.index(place)) for place in range(len(order))]
    says.append(_inline(question["say"][language]))
    return f'<ol class="cq-items">{"".join(rows)}</ol>', right, {}, says


def _match(week: str, question: Data, language: str) -> Parts:
    pairs = question["pairs"]
    order = shuffled(week, question["id"], len(pairs))
    plain = [re.sub(r"[*$`_]", "", pairs[p]["right"][language]).strip() for p in order]
    choices = f'<option value="">{WORDS[language]["choose"]}</option>' + "".join(
        f'<option value="{shown}">{escape(text)}</option>' for shown, text in enumerate(plain)
    )
    rows, right, says = [], [], []
    for slot, pair in enumerate(pairs):
        name = f"{week}-quiz-{question['id']}-{slot}"
        rows.append(
            f'<div class="cq-pair"><label for="{name}">{_inline(pair["left"][language])}</label>'
            f'<select id="{name}" data-slot="{slot}">{choices}</select></div>'
        )
        right.append(key(week, question["id"], slot, order.index(slot)))
        says.append(_inline(pair["say"][language]))
    says.append(_inline(question["say"][language]))
    return "".join(rows), right, {}, says


_PARTS: dict[str, Callable[[str, Data, str], Parts]] = {
    "choice": _options, "several": _options, "number": _number, "order": _order, "match": _match,
}  # fmt: skip


def seal(pages: Path) -> None:
    """Make the explanations in built pages illegible at a glance; `quiz.js` reads them again."""
    for path in pages.rglob("*.html"):
        text = path.read_text("utf-8")
        sealed = SAYING.sub(lambda m: f"{m[1]}>{_veiled(m[2])}</template>", text)
        if sealed != text:
            path.write_text(sealed, "utf-8")


def _veiled(text: str) -> str:
    return base64.b64encode(bytes(byte ^ 0x5A for byte in text.encode())).decode()


COLOURS = ("#0072B2", "#D55E00", "#009E73", "#5a6b7b")  # told apart by colour-blind people, too
MARKERS, STYLES, HATCHES = ("o", "s", "D", "^"), ("-", "--", "-.", ":"), ("", "//", "..", "xx")


def draw(chart: Data, language: str, path: Path) -> None:
    """Draw a question's chart as SVG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    def figures(value: float, _: float) -> str:
        return f"{value:g}".replace(".", ",") if language == "vi" else f"{value:g}"

    with rc_context({"svg.hashsalt": "quiz", "font.size": 10}):
        figure = Figure(figsize=(5.8, 3.2), layout="constrained")
        axes = figure.subplots()
        named = any(isinstance(x, dict) for x in chart["x"])
        places = [float(i) if named else x for i, x in enumerate(chart["x"])]
        many = len(chart["series"])
        width = 0.8 * min((b - a for a, b in pairwise(places)), default=1.0) / many
        for i, series in enumerate(chart["series"]):
            look: Data = {"color": COLOURS[i], "label": series["label"][language]}
            if chart["kind"] == "bar":
                at = [x + (i - (many - 1) / 2) * width for x in places]
                look |= {"capsize": 4, "hatch": HATCHES[i], "edgecolor": "white"}
                axes.bar(at, series["y"], width, yerr=series.get("error"), **look)
            elif chart["kind"] == "step":
                axes.step(places, series["y"], where="post", lw=2, ls=STYLES[i], **look)
            else:
                look |= {"capsize": 4, "marker": MARKERS[i], "ms": 5, "lw": 2, "ls": STYLES[i]}
                axes.errorbar(places, series["y"], yerr=series.get("error"), **look)
        axes.yaxis.set_major_formatter(figures)
        if named:
            axes.set_xticks(places, [x[language] for x in chart["x"]])
        else:
            axes.xaxis.set_major_formatter(figures)
        axes.set_axisbelow(True)
        axes.grid(axis="y", color="#dde2e8", lw=0.8)
        axes.set_xlabel(chart["x_label"][language])
        axes.set_ylabel(chart["y_label"][language])
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.spines[["top", "right"]].set_visible(False)
        if many > 1:
            figure.legend(loc="outside lower center", ncols=min(many, 2), frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})

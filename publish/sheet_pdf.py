"""A company sheet as a PDF of one A4 page, for the printer of an office without this site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from publish.errors import PublishError
from publish.sheet import SHEETS, Sheet, rows

COURSE = {"vi": "Khóa học Chuyên gia nhà máy thông minh", "en": "Smart-factory expert course"}
MARGIN = 12.0  # millimetres
SIZES = (9.0, 8.5, 8.0, 7.5)  # points; the largest with which all fits one page
INK, PALE = (28, 39, 51), (236, 240, 243)


def pdf(sheet: Sheet, language: str) -> bytes:
    """The sheet as a PDF of one A4 page.

    Raises
    ------
    PublishError
        If it does not fit one page even in small print.
    """
    for size in SIZES:
        made = _pdf(sheet, language, size)
        if made is not None:
            return made
    raise PublishError(
        f"{SHEETS / sheet.week}.yml: does not fit one A4 page ({language}); take out rows or shorten texts"
    )


def _pdf(sheet: Sheet, language: str, size: float) -> bytes | None:
    import matplotlib
    from fpdf import FPDF
    from fpdf.enums import TableBordersLayout, VAlign
    from fpdf.fonts import FontFace

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # DejaVu: every Vietnamese letter
    page = FPDF(format="A4")
    page.set_margin(MARGIN)
    page.set_auto_page_break(True, margin=MARGIN)
    page.add_font("sans", "", fonts / "DejaVuSans.ttf")
    page.add_font("sans", "B", fonts / "DejaVuSans-Bold.ttf")
    page.set_title(sheet.text("title", language))
    page.set_lang(language)
    page.set_creation_date(datetime(1980, 1, 1, tzinfo=UTC))  # the same file from the same source
    page.add_page()
    page.set_text_color(*INK)
    page.set_draw_color(120, 130, 140)
    line = size * 0.46  # millimetres from line to line

    def say(text: str, style: str = "", scale: float = 1.0, gap: float = 1.0) -> None:
        page.set_font("sans", style, size * scale)
        page.multi_cell(0, line * scale, text, new_x="LMARGIN", new_y="NEXT", align="L")
        page.ln(gap)

    say(COURSE[language], scale=0.85, gap=0.5)
    say(sheet.text("title", language), "B", 1.5, 1)
    say(sheet.text("purpose", language), gap=1.5)
    fields = [field[language] for field in sheet.data["head"]]
    half = page.epw / 2
    for i, field in enumerate(fields):
        x, y = page.l_margin + (i % 2) * half, page.get_y()
        page.set_font("sans", "", size)
        page.set_xy(x, y)
        page.cell(half - 4, 7, f"{field}:", align="L")
        start = x + page.get_string_width(f"{field}: ") + 2
        page.line(start, y + 5.6, x + half - 4, y + 5.6)
        page.set_xy(page.l_margin, y + 7 if i % 2 or i == len(fields) - 1 else y)
    page.ln(1)
    for block in sheet.blocks:
        say(block["title"][language], "B", 1.1, 0.6)
        if "steps" in block:
            for number, step in enumerate(block["steps"], 1):
                say(f"{number}. {step[language].strip()}", gap=0.3)
        elif "lines" in block:
            for _ in range(block["lines"]):
                page.ln(7)
                page.line(page.l_margin, page.get_y(), page.w - page.r_margin, page.get_y())
        else:
            page.set_font("sans", "", size * 0.94)
            with page.table(
                col_widths=[column["width"] for column in block["columns"]],
                line_height=line,
                padding=(0.7, 1.2),
                text_align="LEFT",
                v_align=VAlign.M,
                borders_layout=TableBordersLayout.ALL,
                headings_style=FontFace(emphasis="BOLD", fill_color=PALE),
            ) as table:
                table.row([column["text"][language] for column in block["columns"]])
                for cells in rows(block, language):
                    table.row(cells, min_height=6.6)
        page.ln(2)
    say(sheet.text("foot", language), scale=0.9, gap=0)
    return bytes(page.output()) if page.pages_count == 1 else None

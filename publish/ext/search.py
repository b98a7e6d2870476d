"""The languages of the book's own search: diacritics may be typed or not, in either Unicode form.

In what order the results come is `publish/assets/search/ranking.js`; what stands below one, the place in the
page with the words marked, is `excerpts.js` beside it.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage, languages
from sphinx.search.en import SearchEnglish

FOLD = r""".toLowerCase().replace(/đ/g, "d").normalize("NFD").replace(/\p{M}/gu, "")"""


def fold(text: str) -> str:
    """Lower case without diacritics, đ as d; the same for composed and decomposed letters."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in plain if not unicodedata.combining(c))


class SearchVietnamese(SearchLanguage):
    """Splits and folds at build as the two scripts below do in the browser."""

    lang = "vi"
    language_name = "Vietnamese"
    stopwords: set[str] = set()  # noqa: RUF012 - the base class declares it so
    js_stemmer_code = f"var Stemmer = function () {{ this.stemWord = (word) => word{FOLD}; }};"
    js_splitter_code = r"""
var splitQuery = (query) =>
  query.normalize("NFC").split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu).filter((term) => term);
"""

    def split(self, input: str) -> list[str]:
        return super().split(unicodedata.normalize("NFC", input))

    def stem(self, word: str) -> str:
        return fold(word)

    def word_filter(self, word: str) -> bool:
        return bool(word) and not word.isdigit()


class SearchEnglishToo(SearchEnglish):
    """English, which holds the glossary's Vietnamese terms as well."""

    js_stemmer_code = (
        SearchEnglish.js_stemmer_code
        + f"""
var Porter = Stemmer;
Stemmer = function () {{
  const porter = new Porter();
  this.stemWord = (word) => porter.stemWord(word{FOLD});
}};
"""
    )

    def stem(self, word: str) -> str:
        return str(super().stem(fold(word)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the languages."""
    languages["vi"], languages["en"] = SearchVietnamese, SearchEnglishToo
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

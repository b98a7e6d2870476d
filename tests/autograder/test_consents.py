"""Consent: purpose by purpose, nothing taken for granted, withdrawn at any time, by versioned words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder import consents
from autograder.cohort import ROSTER_FIELDS, Cohort
from autograder.consents import COURSE, CREDENTIAL, PURPOSES
from autograder.data.form import form
from autograder.data.words import catalogue
from autograder.errors import CourseError
from course import main
from linelab.texts import LANGUAGES
from linelab.trainees import written


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    """A cohort with a roster alone: consent needs nothing else."""
    (tmp_path / "cohort.yml").write_text("edition: 2026-1\nlanguage: vi\nsecret: abc\n", "utf-8")
    (tmp_path / "roster.csv").write_text(",".join(ROSTER_FIELDS) + "\n", "utf-8")
    monkeypatch.setenv("COURSE_COHORT", str(tmp_path))
    return Cohort.open(tmp_path)


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result


def test_nobody_has_consented_to_anything_at_first(small: Cohort) -> None:
    trainee = small.enrol().id
    assert all(trainee not in consents.consented(small.path, purpose) for purpose in PURPOSES)
    assert run("data", "consent").output.count("–") == len(PURPOSES)


def test_each_purpose_is_by_itself_and_the_last_word_holds(small: Cohort) -> None:
    one, other = small.enrol().id, small.enrol().id
    run("data", "consent", one, "--purpose", CREDENTIAL)
    assert consents.consented(small.path, CREDENTIAL) == {one}
    assert all(not consents.consented(small.path, x) for x in PURPOSES if x != CREDENTIAL)
    said = run("data", "consent", one, "--purpose", CREDENTIAL, "--withdraw").output
    assert "course certify revoke" in said
    assert not consents.consented(small.path, CREDENTIAL)
    assert "withdrawn" in run("data", "consent", one).output
    run("data", "consent", one, other, "--purpose", CREDENTIAL, "--purpose", COURSE)
    assert consents.consented(small.path, COURSE) == {one, other}
    assert [x.given for x in consents.read(small.path) if (x.trainee, x.purpose) == (one, CREDENTIAL)] == [
        True, False, True,
    ]  # fmt: skip


def test_who_when_and_which_words_are_on_record(small: Cohort) -> None:
    trainee = small.enrol(language="en").id
    run("data", "consent", trainee, "--purpose", COURSE, "--on", "2026-11-20", "--how", "e-mail")
    (said,) = consents.read(small.path)
    assert (said.on, said.how, said.language) == ("2026-11-20", "e-mail", "en")
    assert said.wording == consents.wordings()["version"]
    assert said.sha256 == consents.digest(COURSE, "en") != consents.digest(COURSE, "vi")
    assert said.by
    assert re.match(r"2\d{3}-", said.at)


def test_consent_is_recorded_person_by_person(small: Cohort, tmp_path: Path) -> None:
    trainee = small.enrol().id
    assert "say who" in run("data", "consent", "--purpose", COURSE, code=1).output
    assert "not in" in run("data", "consent", "00000000", "--purpose", COURSE, code=1).output
    assert "says from what" in run("data", "consent", trainee, "--withdraw", code=1).output
    later = ("data", "consent", trainee, "--purpose", COURSE, "--on", "2999-01-01")
    assert "has not come yet" in run(*later, code=1).output
    run("data", "consent", trainee, "--purpose", "marketing", code=2)
    assert not consents.read(small.path)
    listed = tmp_path / "list.txt"
    listed.write_text(written(trainee) + "\n", "utf-8")
    run("data", "consent", "--list", listed, "--purpose", COURSE)
    assert consents.consented(small.path, COURSE) == {trainee}


def test_enrolling_records_only_what_is_said(small: Cohort) -> None:
    number = run("cohort", "enrol").output.strip()
    assert not consents.read(small.path)
    both = run("cohort", "enrol", "--count", "2", "--consent", COURSE, "--consent", CREDENTIAL).output.split()
    assert len(both) == 2
    assert {written(x) for x in consents.consented(small.path, CREDENTIAL)} == set(both)
    assert number not in both
    assert "give one of" in run("cohort", "enrol", "--consent", "everything", code=1).output
    assert len(small.roster()) == 3  # nobody was enrolled for it


def test_a_damaged_line_is_named(small: Cohort) -> None:
    (small.path / consents.FILE).write_text('{"trainee": 1}\n', "utf-8")
    with pytest.raises(CourseError, match=r"consents\.jsonl: line 1"):
        consents.read(small.path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_asks_for_each_purpose_and_ticks_nothing(language: str, tmp_path: Path) -> None:
    page = form(language)
    for purpose in PURPOSES:
        assert consents.wordings()["purposes"][purpose]["text"][language].split(",")[0] in page
    assert page.count("☐") == 2 * len(PURPOSES)
    assert not re.search(r"☑|☒|✓|✔|checked", page)
    assert consents.wordings()["version"] in page
    run("data", "form", tmp_path / "form.html", "--language", language)
    assert "is there already" in run("data", "form", tmp_path / "form.html", code=1).output


def test_every_purpose_is_worded_in_both_languages() -> None:
    assert set(consents.wordings()["purposes"]) == set(PURPOSES)
    for purpose in consents.wordings()["purposes"].values():
        assert all(set(purpose[part]) == set(LANGUAGES) for part in ("name", "text"))
    for key, entry in catalogue().items():
        assert set(entry) == set(LANGUAGES), key
        blanks = [sorted(re.findall(r"\{\w+\}", entry[language])) for language in LANGUAGES]
        assert blanks[0] == blanks[1], key


def test_consents_hold_numbers_and_no_names(small: Cohort) -> None:
    trainee = small.enrol("Nguyễn Thị Hồng Đào", "dao@example.org").id
    consents.record(small.path, trainee, COURSE, "vi")
    text = (small.path / consents.FILE).read_text("utf-8")
    assert "Đào" not in text
    assert "@" not in text
    assert json.loads(text)["trainee"] == trainee

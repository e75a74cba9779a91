"""A net trained on a text goes on from a prompt: the same for the same seed, and only in tokens that it has learnt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import dslc
from dslc.cli.main import run
from dslc.diagnostics import DataError

TEXT = """data {{ text "a.txt" {unit} window 8 }}
net {{ {name} | embed(16) | gru(32) | dense(outputs) }}
loss cross_entropy
train {{ adam(1e-2); batch 8; epochs 30 }}
"""

Written = Callable[..., dslc.Model]


@pytest.fixture
def trained(tmp_path: Path) -> Written:
    def made(text: str, unit: str = "characters") -> dslc.Model:
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        (tmp_path / "m.dsl").write_text(TEXT.format(unit=unit, name=unit.split(maxsplit=1)[0]), encoding="utf-8")
        model = dslc.compile(tmp_path / "m.dsl")
        model.fit()
        return model

    return made


def test_it_goes_on_as_the_text_did(trained: Written) -> None:
    model = trained("abcdefg" * 200)
    assert model.generate("ab", 20, temperature=0) == "ab" + ("cdefgab" * 4)[:20]
    assert model.generate("abcdefgabcdefgab", 5, temperature=0)[-5:] == "cdefg"  # longer than a window


def test_a_seed_says_which_text(trained: Written) -> None:
    model = trained("abcd dcba bdca cadb " * 60)
    first = model.generate("ab", 60, temperature=2.0, seed=1)
    assert (
        first == model.generate("ab", 60, temperature=2.0, seed=1) != model.generate("ab", 60, temperature=2.0, seed=2)
    )
    assert set(first) <= set("abcd ")


def test_words_stand_apart(trained: Written) -> None:
    model = trained("One fish. Two fish! Red fish; blue fish: " * 60, "words top 4")
    assert set(model.generate("one fish", 12).split()) <= {"one", "two", "red", "blue", "fish"}


def test_a_saved_model_goes_on_alike(trained: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = trained("abcdefg" * 200)
    model.save(tmp_path / "m.dslm")
    assert dslc.load(tmp_path / "m.dslm").generate("cd", 9) == model.generate("cd", 9)
    assert run(["generate", str(tmp_path / "m.dslm"), "--prompt", "cd", "--length", "9"]) == 0
    assert capsys.readouterr().out == model.generate("cd", 9) + "\n"


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("", "the prompt has no character to go on from"),
        ("abX", 'character 3 of the prompt, "X", is not in the text that the model was trained on'),
        ("\N{REPLACEMENT CHARACTER}", "character 1 of the prompt"),
    ],
)
def test_a_prompt_it_cannot_read(trained: Written, prompt: str, told: str) -> None:
    model = trained("abcdefg" * 40)
    with pytest.raises(DataError, match=told):
        model.generate(prompt, 3)


def test_predict_takes_texts_no_longer_than_a_window(trained: Written) -> None:
    model = trained("abcdefg" * 200)
    assert model.predict(["abcdefga", "bcd"])[0].tolist() == list("bcdefgab")
    with pytest.raises(DataError, match="row 1: a text of 9 characters; this model reads 1 to 8"):
        model.predict(["abc", "abcdefgab"])
    with pytest.raises(DataError, match="takes a list of texts"):
        model.predict(["abc", 3])


def test_a_model_of_a_table_does_not_generate() -> None:
    model = dslc.compile(
        text="data { input x: [2]; target y }\nnet { x | dense(1) }\nloss squared_error\ntrain { adam }"
    )
    with pytest.raises(DataError, match="was not trained on a text"):
        model.generate("a", 3)

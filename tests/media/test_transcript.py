"""Transcripts of every kind: words with their times, and what is wrong with files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.ir.diagnostics import Diagnostic
from mixdown.media import transcript
from mixdown.media.transcript import read_transcript, spoken

WORDS = [("Well,", 100, 400), ("um", 450, 700), ("hello", 900, 1300)]


def seconds(key="word", space=""):
    return [{key: space + w, "start": a / 1000, "end": b / 1000} for w, a, b in WORDS]


def token(text, start, end):
    return {"text": text, "offsets": {"from": start, "to": end}, "id": 1, "p": 0.9}


WHISPER_CPP = {
    "transcription": [
        {
            "text": " Well, um hello",
            "offsets": {"from": 0, "to": 1500},
            "tokens": [
                token("[_BEG_]", 0, 0),
                token(" Well", 100, 350),
                token(",", 350, 400),
                token(" um", 450, 700),
                token(" hel", 900, 1100),
                token("lo", 1100, 1300),
                token("[_TT_75]", 1500, 1500),
            ],
        }
    ]
}
FILES = {
    "whisper.json": json.dumps(
        {"segments": [{"start": 0, "end": 1.5, "words": seconds(space=" ")}]}
    ),
    "api.json": json.dumps({"words": seconds(), "segments": [{"start": 0, "end": 1, "text": "x"}]}),
    "whisperx.json": json.dumps({"segments": [{"text": "x"}], "word_segments": seconds()}),
    "words.json": json.dumps(seconds("text")),
    "whisper_cpp.json": json.dumps(WHISPER_CPP),
    "youtube.vtt": "\ufeffWEBVTT\nKind: captions\n\n"
    "00:00:00.100 --> 00:00:01.300 align:start\n \n"
    "Well,<00:00:00.450><c> um</c><00:00:00.900><c> hello</c>\n\n"
    "00:00:01.300 --> 00:00:01.310\nWell, um hello\n",
    "words.vtt": "WEBVTT\n\nNOTE by hand\n\n1\n00:00.100 --> 00:00.400\n<v Ann>Well,</v>\n\n"
    "00:00.450 --> 00:00.700\num\n\n00:00.900 --> 00:01.300\nhello",
    "words.srt": "1\r\n00:00:00,100 --> 00:00:00,400\r\nWell,\r\n\r\n2\r\n00:00:00,450 --> "
    "00:00:00,700\r\n<i>um</i>\r\n\r\n3\r\n00:00:00,900 --> 00:00:01,300\r\n{\\an8}hello\r\n",
}
ROUNDED = {"youtube.vtt": [("Well,", 100, 450), ("um", 450, 900), ("hello", 900, 1300)]}


@pytest.mark.parametrize("name", FILES)
def test_words_have_their_times(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name].encode())
    # YouTube shows a line for a moment again; a word lasts to the next one there.
    words = read_transcript(path, name)
    assert [(w.text.strip(), w.start, w.end) for w in words] == ROUNDED.get(name, WORDS)
    assert all(w.exact_start and w.exact_end for w in words)
    assert [w.spoken for w in words] == ["well", "um", "hello"]


def test_times_that_a_tool_leaves_out_are_not_exact(tmp_path):
    words = [{"word": "in", "start": 0.1, "end": 0.3}, {"word": "1890"}, {"word": "we", "start": 1}]
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"segments": [{"start": 0, "end": 1.5, "words": words}]}))
    rows = [(w.start, w.end, w.exact_start, w.exact_end) for w in read_transcript(path, "x.json")]
    assert rows == [(100, 300, True, True), (300, 1000, False, False), (1000, 1500, True, False)]


def test_the_words_of_a_cue_share_its_time(tmp_path):
    path = tmp_path / "x.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\nuh you\n")
    rows = [
        (w.text, w.start, w.end, w.exact_start, w.exact_end) for w in read_transcript(path, "x")
    ]
    assert rows == [
        ("hello", 1000, 1500, True, False),
        ("uh", 1500, 1700, False, False),
        ("you", 1700, 2000, False, True),
    ]


BAD = {
    "nothing": ("", "no known format"),
    "prose": ("Hello there.", "no known format"),
    "json of another tool": ('{"a": 1}', "no known tool"),
    "broken json": ('{"segments": [', "Expecting value"),
    "no times": ('{"words": [{"word": "um"}]}', "no times"),
    "no words": ('{"segments": []}', "no words"),
    "backwards": ('[{"word": "um", "start": -2, "end": 1}]', "ends before it starts"),
    "nan": ('[{"word": "um", "start": NaN, "end": 1}]', "a number NaN"),
    "text for a time": ('[{"word": "um", "start": "1", "end": 1}]', "no number"),
    "huge": ('[{"word": "um", "start": 1e300, "end": 1e301}]', "out of all range"),
    "deep": ("[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case, tmp_path):
    text, why = BAD[case]
    path = tmp_path / "x.json"
    path.write_text(text)
    found = read_transcript(path, "x.json")
    assert isinstance(found, Diagnostic)
    assert found.code == "MIX273"
    assert why in found.message
    path.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in read_transcript(path, "x.json").message
    assert "cannot be read" in read_transcript(tmp_path, "x.json").message


def test_limits(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    path.write_text(FILES["words.json"])
    monkeypatch.setattr(transcript, "MAX_WORDS", 2)
    assert "more than 2 words" in read_transcript(path, "x.json").message
    monkeypatch.setattr(transcript, "MAX_BYTES", 20)
    assert "larger than" in read_transcript(path, "x.json").message


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "words",
                    "segments",
                    "transcription",
                    "tokens",
                    "offsets",
                    "word",
                    "text",
                    "start",
                    "end",
                    "from",
                    "to",
                    "word_segments",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON)
def test_any_json_is_words_or_a_diagnostic(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(data))
    found = read_transcript(path, "any.json")
    if not isinstance(found, Diagnostic):
        assert all(0 <= word.start <= word.end for word in found)


def test_words_are_compared_without_case_and_punctuation():
    assert [
        spoken(w) for w in (" Um,", "don\u2019t", "'Tis", "\u2014", "\u00c4h!", "10,000", "_")
    ] == [
        "um",
        "don't",
        "tis",
        "",
        "\u00e4h",
        "10000",
        "",
    ]

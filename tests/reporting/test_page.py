import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from noisyau.errors import TableError
from noisyau.evaluation.agreement import METRICS
from noisyau.reporting import contact
from noisyau.reporting.page import report
from tests.reporting import made


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def inputs(root):
    return made.inputs(root)


@pytest.fixture(scope="module")
def page(root, inputs) -> Path:
    out = root / "reports" / "index.html"
    report(out, **inputs)
    return out


def test_the_page_opens_with_the_answer_and_says_that_the_data_are_synthetic(page):
    text = page.read_text()
    first = re.search(r"<h1>(.*?)</h1>", text)
    assert first
    assert first[1].startswith("Pre-training on 171 automatically coded faces of 57 people helped")
    assert f"<title>{first[1]}</title>" in text
    assert text.index("<h1>") < text.index("The faces are synthetic.") < text.index("<figure>")


def test_real_data_are_not_called_synthetic(inputs, tmp_path):
    people = inputs["audit"][inputs["audit"]["truth"] == "people"]
    report(tmp_path / "index.html", **{**inputs, "audit": people, "synthetic": False})
    assert "ynthetic" not in (tmp_path / "index.html").read_text()


def test_the_same_inputs_give_the_same_bytes_in_another_process(inputs, page, tmp_path):
    report(tmp_path / "again.html", **inputs)
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()
    code = (
        "import sys; from pathlib import Path; from tests.reporting import made;"
        "from noisyau.reporting.page import report;"
        "report(Path(sys.argv[2]), **made.inputs(Path(sys.argv[1])))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "other"), str(tmp_path / "other.html")],
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "77", "PATH": ""},
    )
    assert (tmp_path / "other.html").read_bytes() == page.read_bytes()
    assert not list(page.parent.glob("*.tmp"))


class _Outline(HTMLParser):
    """Ids, references and open tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href"):
                self.sources.append(value)
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in ("meta", "link", "img", "br"):
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_refers_to_nothing_outside(page):
    text = page.read_text()
    outline = _Outline()
    outline.feed(text)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(source.startswith(("data:", "#")) for source in outline.sources)
    inside = {source[1:] for source in outline.sources if source.startswith("#")}
    assert inside <= set(outline.ids)
    assert not re.search(r"url\((?!#)|@import|<script", text)


def test_every_colour_of_a_figure_is_the_page_s(page):
    figures = re.findall(r"<svg.*?</svg>", page.read_text(), re.DOTALL)
    assert len(figures) > 8
    for svg in figures:
        assert not re.search(r"#[0-9a-f]{6}\b", svg)
        assert "var(--" in svg


def test_every_method_au_and_loss_is_on_the_page(page, inputs):
    text = page.read_text()
    for name in (*inputs["metrics"]["methods"], *inputs["metrics"]["coded"]["aus"]):
        assert name.replace("_", " ") in text.replace("_", " ")
    for loss in ("− 2 no face", "− 1 unreadable", "− 1 too small", "− 5 no mesh", "− 1 corrupt"):
        assert loss in text
    assert "North-East Asia" in text
    assert "start of every random choice" in text
    assert "a" * 64 in text


def test_the_noise_is_told_against_each_truth_and_the_rendered_one_is_called_synthetic(
    page,
):
    text = page.read_text()
    assert (
        "Against what people coded on up to 711 faces of 12 people, blendshapes finds least of"
        in text
    )
    assert "Celebrities, against what was rendered: a synthetic truth" in text
    assert "It does not code AU06 and AU09." in text


def test_names_from_the_data_are_escaped(inputs, tmp_path):
    bad = {**inputs, "settings": "<script>alert(1)</script>", "annotator": "<b>x</b>"}
    report(tmp_path / "index.html", **bad)
    text = (tmp_path / "index.html").read_text()
    assert "<script>" not in text
    assert "<b>x</b>" not in text


def test_a_page_without_training_curves_leaves_their_section_out(inputs, tmp_path):
    report(tmp_path / "index.html", **{**inputs, "histories": {}})
    assert "Learning curves" not in (tmp_path / "index.html").read_text()


def test_a_page_of_labels_without_a_known_truth_says_that_their_noise_cannot_be_told(
    inputs, tmp_path
):
    out = tmp_path / "index.html"
    report(out, **{**inputs, "audit": inputs["audit"].iloc[:0]})
    told = f"How noisy the codes of <code>{inputs['annotator']}</code> are cannot be told"
    assert told in out.read_text()


def test_annotators_beside_the_annotator_are_shown_with_what_they_agree_on(inputs, page, tmp_path):
    assert "How far the annotators agree" not in page.read_text()
    known = {"value": 0.4321, "low": 0.4, "high": 0.45, "faces": 1234, "subjects": 57}
    unknown = {"value": None, "low": None, "high": None, "faces": 0, "subjects": 0}
    rows = [
        {"corpus": "celebrities", "annotator": "blendshapes", "beside": "<b>openface</b>", "au": au,
         "metric": metric, **numbers}
        for au, numbers in (("AU06", unknown), ("AU12", known))
        for metric in METRICS
    ]  # fmt: skip
    labels = {"scratch": "annotator", "noisy_all": "agreed"}
    some = {**inputs, "agreement": pd.DataFrame(rows), "labels": labels}
    report(tmp_path / "index.html", **some)
    text = (tmp_path / "index.html").read_text()
    section = text.split("How far the annotators agree")[1].split("</section>")[0]
    six, twelve = re.findall(r"<tr><th scope.*?</tr>", section, re.DOTALL)
    assert [cell in twelve for cell in ("1,234", "57", "43.2 %", "0.432", "0.400–0.450")] == [
        True
    ] * 5
    assert six.count("<td>–</td>") == len(METRICS)
    assert "<b>openface</b>" not in text
    assert "with the codes on which the annotators agree, then finetuned" in text
    outline = _Outline()
    outline.feed(text)
    assert outline.open == []


def test_tables_of_different_runs_leave_no_page(inputs, tmp_path):
    pretrain = pd.concat([inputs["pretrain"], inputs["pretrain"]])
    with pytest.raises(TableError, match="do not add up"):
        report(tmp_path / "index.html", **{**inputs, "pretrain": pretrain})
    assert list(tmp_path.iterdir()) == []


def test_the_contact_sheet_shows_each_subject_s_most_active_frame(inputs):
    labels = inputs["coded_labels"]
    chosen = contact.most_active(labels, inputs["folds"]["face_id"], 5)
    assert len(chosen) == len({name.split("/")[0] for name in chosen}) == 5
    codes = labels.filter(regex="_c$").fillna(0).sum(axis=1)
    for name in chosen:
        own = labels["subject"] == name.split("/")[0]
        assert codes[labels["item"] + "#0" == name].item() == codes[own].max()


def test_the_contact_sheet_keeps_missing_codes_apart_from_none(inputs):
    labels = inputs["coded_labels"]
    first = labels["item"].iloc[0] + "#0"  # the annotator failed on it
    (face,) = contact.sheet(
        inputs["coded"].store, [first], human=labels, noisy=pd.DataFrame({"face_id": []})
    )
    assert face.noisy is None
    assert face.human is not None
    assert face.image.startswith("data:image/jpeg;base64,")


CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium to see the page in a browser")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield running
        running.close()


@pytest.mark.parametrize("width", [1280, 768, 390, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_without_error_overflow_or_request(browser, page, width, scheme):
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(page.as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    root = "document.documentElement"
    assert tab.evaluate(f"{root}.scrollWidth") == width
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert tab.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    smallest = tab.evaluate(
        """Math.min(...[...document.querySelectorAll('figure svg text')]
           .map(t => t.getBoundingClientRect().height).filter(h => h > 0))"""
    )
    assert smallest >= 9  # pixels, after any scaling
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_paper(browser, page, scheme):
    """WCAG AA: a contrast of 4.5 for text, 3 for what is drawn."""
    tab = browser.new_page(color_scheme=scheme)
    tab.goto(page.as_uri())
    style = "getComputedStyle(document.documentElement).getPropertyValue"
    colour = {name: tab.evaluate(f"{style}('--{name}').trim()") for name in (
        "paper", "panel", "ink", "soft", "accent", "good", "bad", "open",
        *(f"series{index}" for index in range(8)),
    )}  # fmt: skip
    tab.close()
    for name in ("ink", "soft", "accent", "good", "bad", "open"):
        assert _contrast(colour[name], colour["paper"]) >= 4.5, name
    for name in ("ink", "soft"):
        assert _contrast(colour[name], colour["panel"]) >= 4.5, name
    for index in range(8):
        assert _contrast(colour[f"series{index}"], colour["paper"]) >= 3, index


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

import copy
import re
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisyau import nets, params
from noisyau.errors import ParamsError

SHIPPED = Path(__file__).parents[1] / "params.yaml"


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], str]:
    """What is said of the shipped params.yaml after a change."""

    def change_and_load(change: Callable[[dict[str, Any]], object]) -> str:
        raw = copy.deepcopy(yaml.safe_load(SHIPPED.read_text()))
        change(raw)
        file = tmp_path / "params.yaml"
        file.write_text(yaml.safe_dump(raw, sort_keys=False))
        with pytest.raises(ParamsError) as error:
            params.load(file)
        return str(error.value)

    return change_and_load


def test_the_shipped_file_is_right_and_a_variant_has_what_defaults_say() -> None:
    settings = params.load(SHIPPED)
    scratch = settings.variants["scratch"]
    assert scratch.pretrain.images == 0
    assert scratch.finetune == settings.defaults.finetune
    assert scratch.net.name == "vgg13"


def test_the_backend_says_who_does_the_work() -> None:
    settings = params.load(SHIPPED)
    assert settings.cluster() is None
    dask = settings.model_copy(update={"backend": "dask"})
    assert dask.cluster() == "local"
    there = dask.model_copy(update={"dask_scheduler": "tcp://node:8786"})
    assert there.cluster() == "tcp://node:8786"


def test_every_knob_of_the_shipped_file_is_explained_beside_it() -> None:
    explained, variants = SHIPPED.read_text().split("\nvariants:")
    knobs = [line for line in explained.splitlines() if re.match(r"\s*\w+: +[^#\s]", line)]
    assert len(knobs) > 40
    assert [line for line in knobs if " # " not in line] == []
    names = [line for line in variants.splitlines() if re.match(r"  \w+:", line)]
    assert [line for line in names if " # " not in line] == []


def test_no_knob_has_a_name_that_dvc_s_run_cache_leaves_out_of_its_key() -> None:
    def keys(found: Any) -> set[str]:
        below = found.values() if isinstance(found, dict) else ()
        return {*(found if isinstance(found, dict) else ()), *(k for v in below for k in keys(v))}

    assert not {"size", "nfiles"} & keys(yaml.safe_load(SHIPPED.read_text()))


def test_a_variant_that_overrides_one_key_keeps_the_others(tmp_path: Path) -> None:
    raw = yaml.safe_load(SHIPPED.read_text())
    raw["variants"]["scratch"]["finetune"] = {"augment": {"rotation": 30}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    finetune = params.load(tmp_path / "params.yaml").variants["scratch"].finetune
    assert finetune.augment.rotation == 30
    assert finetune.augment.skew == raw["defaults"]["finetune"]["augment"]["skew"]
    assert finetune.batch == raw["defaults"]["finetune"]["batch"]


def test_what_a_reader_needs_lies_below_the_corpus_where_dvc_sees_it_change() -> None:
    corpora = params.load(SHIPPED).corpora
    coded = corpora.coded.model_copy(update={"corrupt_frames": Path("corrupt.csv")})
    assert coded.reader()["corrupt_frames"] == str(coded.path / "corrupt.csv")
    assert "clean_list" not in corpora.celebrities.reader()


def test_given_shares_replace_those_of_the_defaults(tmp_path: Path) -> None:
    raw = yaml.safe_load(SHIPPED.read_text())
    raw["defaults"]["pretrain"]["balance"] = {"female": 0.3, "male": 0.7}
    raw["variants"]["noisy_1000"]["pretrain"]["balance"] = {"south_asia": 1}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    variants = params.load(tmp_path / "params.yaml").variants
    assert variants["noisy_1000"].pretrain.balance == {"south_asia": 1}
    assert variants["noisy_2000"].pretrain.balance == {"female": 0.3, "male": 0.7}


@pytest.mark.parametrize("amount", ["20%", "12.5%", "100%", "all", 7])
def test_an_amount_is_a_number_a_share_or_all(tmp_path: Path, amount: int | str) -> None:
    raw = yaml.safe_load(SHIPPED.read_text())
    raw["variants"]["noisy_1000"]["pretrain"]["images"] = amount
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    found = params.load(tmp_path / "params.yaml").variants["noisy_1000"]
    assert found.pretrain.images == amount


@pytest.mark.parametrize("name", ["../corrupt.csv", "/data/corrupt.csv", "a/../../b.csv"])
def test_what_lies_elsewhere_is_refused_since_dvc_would_not_see_it_change(
    tmp_path: Path, name: str
) -> None:
    raw = yaml.safe_load(SHIPPED.read_text())
    raw["corpora"]["coded"]["corrupt_frames"] = name
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    with pytest.raises(ParamsError, match=r"corpora.coded.corrupt_frames: .*below the corpus's"):
        params.load(tmp_path / "params.yaml")


def test_a_small_number_written_as_text_is_still_a_number(tmp_path: Path) -> None:
    raw = yaml.safe_load(SHIPPED.read_text())
    raw["defaults"]["finetune"]["learning_rate"] = "1e-05"  # as `dvc exp run -S` leaves it
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    assert params.load(tmp_path / "params.yaml").defaults.finetune.learning_rate == 1e-5


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda raw: raw["variants"]["noisy_all"]["pretrain"].update(epoch=3),
            r"variants\.noisy_all\.pretrain\.epoch: unknown key; did you mean 'epochs'\?",
        ),
        (lambda raw: raw.update(backend="slurm"), r"backend: .*allowed: processes or dask"),
        (
            lambda raw: raw["identity"].update(minimum_similarity=1.2),
            r"identity\.minimum_similarity: 1.2: it should be less than 1",
        ),
        (
            lambda raw: raw.update(dask_scheduler="tcp://node:8786"),
            r"dask_scheduler: backend processes does not use it; set backend: dask",
        ),
        (
            lambda raw: raw.update(backend="dask", dask_scheduler="node:8786"),
            r"dask_scheduler: 'node:8786' is not allowed; allowed: tcp://host:port",
        ),
        (lambda raw: raw.update(sed=3), r"sed: unknown key; did you mean 'seed'\?"),
        (
            lambda raw: raw["variants"]["noisy_all"]["pretrain"].update(images=-3),
            r"variants\.noisy_all\.pretrain\.images: -3: .*greater than or equal to 0.*all",
        ),
        (
            lambda raw: raw["variants"]["noisy_all"]["pretrain"].update(images="0.0%"),
            r"noisy_all\.pretrain\.images: '0\.0%': .*a share such as 20%",
        ),
        (
            lambda raw: raw["defaults"]["pretrain"].update(people=0.2),
            r"defaults\.pretrain\.people: 0\.2: it should be a valid integer",
        ),
        (
            lambda raw: raw["defaults"]["pretrain"].update(people=True),
            r"defaults\.pretrain\.people: True: it should be a valid integer",
        ),
        (
            lambda raw: raw["variants"]["noisy_all"]["pretrain"].update(balance="region"),
            r"variants\.noisy_all\.pretrain\.balance: 'region', but images and people are both all",
        ),
        (
            lambda raw: raw["defaults"]["pretrain"].update(per_person=0),
            r"defaults\.pretrain\.per_person: 0: it should be greater than 0, or '?.*all",
        ),
        (
            lambda raw: raw["defaults"]["pretrain"].update(balance="genders"),
            r"defaults\.pretrain\.balance: 'genders' is not allowed; allowed: none, gender",
        ),
        (
            lambda raw: raw["defaults"]["pretrain"].update(balance={"female": 0.5, "male": 0.4}),
            r"defaults\.pretrain\.balance: the shares sum to 0\.9, not to 1",
        ),
        (
            lambda raw: raw["pretrain_table"].update(duplicates="some"),
            r"pretrain_table\.duplicates: 'some' is not allowed; allowed: all or one",
        ),
        (
            lambda raw: raw["corpora"]["celebrities"].update(source="bp4d"),
            r"celebrities\.source: the reader for 'bp4d' is not built yet; allowed: msceleb",
        ),
        (
            lambda raw: raw["corpora"]["celebrities"].update(source="celeba"),
            r"corpora\.celebrities\.source: 'celeba' is not allowed; allowed: msceleb, folder",
        ),
        (
            lambda raw: raw.update(active=["scrath"]),
            r"active: unknown variant 'scrath'; did you mean 'scratch'\?",
        ),
        (lambda raw: raw.update(active=["scratch", "scratch"]), "active: a variant is named twice"),
        (lambda raw: raw.update(active=["noisy_all"]), "reference: 'scratch' is not an active"),
        (lambda raw: raw.update(device="gpu"), "device: 'gpu' is not allowed; allowed: auto, cpu"),
        (lambda raw: raw.update(annotator="guess"), "annotator: 'guess' is not allowed; allowed:"),
        (
            lambda raw: raw["corpora"]["coded"].update(occurrence_threshold=7),
            r"corpora\.coded\.occurrence_threshold: 7: .*less than or equal to 5",
        ),
        (lambda raw: raw.pop("faces"), "faces: missing"),
        (lambda raw: raw.update(fold_names=[1, 3]), r"fold_names: \[1, 3\] is not \[1, 2"),
        (
            lambda raw: raw["defaults"]["finetune"].update(aus=[1, 77]),
            r"finetune\.aus: unknown AU 77; known: \[1, 2",
        ),
        (
            lambda raw: raw["variants"]["scratch"]["finetune"].update(aus=[1, 2]),
            r"different finetune\.aus cannot be compared",
        ),
        (
            lambda raw: raw["defaults"]["finetune"].update(aus=[1, 7]),
            r"finetune\.aus: unknown AU 7; known: \[1, 2",
        ),
        (lambda raw: raw["defaults"]["finetune"].update(aus=[1, 1]), "an AU is named twice"),
        (
            lambda raw: raw["duplicates"].update(distance=7),
            r"duplicates\.distance: 7: .*less than or equal to 6",
        ),
        (lambda raw: raw["defaults"]["net"].update(side=60), "60 is not a multiple of 16"),
        (
            lambda raw: raw["defaults"]["net"].update(name="vgg31"),
            r"defaults\.net\.name: 'vgg31' is not allowed; allowed: vgg13 or cnn2",
        ),
        (lambda raw: raw["variants"].update(split=raw["variants"]["scratch"]), "the name is taken"),
        (
            lambda raw: raw["variants"].update(new={"pretrain": {}, "finetune": {}}),
            r"variants\.new: no net; write `net: \{\}` where nothing changes",
        ),
        (
            lambda raw: raw["corpora"]["celebrities"].update(every=3),
            r"corpora\.celebrities: every: source msceleb does not take it; .* clean_list",
        ),
        (
            lambda raw: raw["variants"]["scratch"]["pretrain"].update(people="all"),
            r"scratch\.pretrain: images: 0 and people: all: no pre-training is 0 for both",
        ),
        (lambda raw: raw["variants"].update({"a-b": {}}), r"variants\.a-b"),
        (
            lambda raw: raw["annotators"]["openface"].update(command=["run.sh"], videos="dynamic"),
            r"annotators\.openface: video_command: empty, and command \['run.sh'\] does not call",
        ),
        (
            lambda raw: raw.update(beside=["openfaces"]),
            r"beside\.0: 'openfaces' is not allowed; allowed: blendshapes, openface or table",
        ),
        (
            lambda raw: raw.update(beside=["openface", "openface"]),
            r"beside: \['openface', 'openface'\] beside annotator blendshapes: .* named once",
        ),
        (
            lambda raw: raw.update(beside=["blendshapes"]),
            r"beside: \['blendshapes'\] beside annotator blendshapes: .* named once",
        ),
        (
            lambda raw: raw["variants"]["noisy_all"]["pretrain"].update(labels="agreed"),
            r"noisy_all\.pretrain\.labels: 'agreed' joins .* `beside` names none; name one there",
        ),
        (
            lambda raw: raw["defaults"]["pretrain"].update(labels="both"),
            r"defaults\.pretrain\.labels: 'both' is not allowed; allowed: annotator, agreed or",
        ),
    ],
)
def test_what_may_not_be_is_refused_with_key_value_and_what_is_allowed(
    refusal: Callable[..., str], change: Callable[[dict[str, Any]], object], text: str
) -> None:
    assert re.search(text, refusal(change))


def test_a_variant_may_join_labels_where_an_annotator_is_beside(tmp_path: Path) -> None:
    raw = yaml.safe_load(SHIPPED.read_text())
    raw["beside"] = ["openface"]
    raw["variants"]["noisy_all"]["pretrain"]["labels"] = "mean"
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    settings = params.load(tmp_path / "params.yaml")
    assert settings.variants["noisy_all"].pretrain.labels == "mean"
    assert settings.variants["scratch"].pretrain.labels == "annotator"
    assert [settings.minimum_confidence(name) for name in ("blendshapes", "openface")] == [0, 0.5]


def test_the_annotators_that_may_be_named_are_those_that_have_settings() -> None:
    assert set(typing.get_args(params.AnnotatorName)) == set(params.Annotators.model_fields)


def test_the_nets_that_may_be_named_are_those_that_can_be_built() -> None:
    annotation = params.Net.model_fields["name"].annotation
    assert set(typing.get_args(annotation)) == set(nets.NETS)


def test_a_mistake_in_defaults_is_told_once_and_not_for_each_variant(
    refusal: Callable[..., str],
) -> None:
    told = refusal(lambda raw: raw["defaults"]["net"].update(chanels=1))
    assert told.count("chanels") == 1
    assert "defaults.net.chanels: unknown key; did you mean 'channels'?" in told


def test_a_file_that_is_not_yaml_and_one_that_is_absent_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"params.yaml: cannot be read: No such file"):
        params.load(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("seed: [1")
    with pytest.raises(ParamsError, match=r"params.yaml: not YAML: (?s:.*)line 1"):
        params.load(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("- 1")
    with pytest.raises(ParamsError, match="expected keys and values, found list"):
        params.load(tmp_path / "params.yaml")


@pytest.mark.parametrize("key", ["itm", "AU1_r", "AU12"])
def test_a_column_of_somebody_s_table_can_only_say_what_is_known(refusal, key: str) -> None:
    told = refusal(lambda raw: raw["annotators"]["table"]["columns"].update({key: "x"}))
    assert told.endswith(
        f"annotators.table.columns: unknown key {key!r}; allowed: item, frame, face, confidence, "
        "success, AU12_c and AU12_r (two digits)"
    )

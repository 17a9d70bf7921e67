"""params.yaml as typed models: unknown keys, wrong types and values out of range are refused.

A variant is written as overrides of `defaults`; `Params.variants` holds them merged, so that
whoever asks for `variants["noisy_all"].finetune.epochs` gets the number that counts.
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StrictInt,
    ValidationError,
    field_validator,
    model_validator,
)

from noisyau import aus
from noisyau.errors import ParamsError
from noisyau.selection import balance

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1)]
_SHARE = r"(?!0+(\.0+)?%)(100|[0-9]{1,2}(\.[0-9]+)?)%"
_MOST = 10**12


def _amount(amount: int | str) -> int | str:
    if (isinstance(amount, int) and 0 <= amount <= _MOST) or amount == "all":
        return amount
    if isinstance(amount, str) and re.fullmatch(_SHARE, amount):
        return amount
    raise ValueError(
        f"{amount!r}: it should be greater than or equal to 0 and at most {_MOST:,}, all, or a "
        "share such as 20%"
    )


def _balance(told: str | dict[str, float]) -> str | dict[str, float]:
    balance.shares(told)
    return told


Amount = Annotated[StrictInt | str, AfterValidator(_amount)]
Balance = Annotated[str | dict[str, float], AfterValidator(_balance)]
AnnotatorName = Literal["blendshapes", "openface", "table"]
Source = Literal["msceleb", "folder", "videos", "disfa"]
CodedSource = Literal["disfa"]
RESERVED_SOURCES = (
    "disfa_plus", "bp4d", "bp4d_plus", "ck_plus", "gft", "fera2015", "fera2017", "emotionet",
    "raf_au", "aff_wild2", "fung2020",
)  # fmt: skip
"""Names that stand for readers to come."""


SYNTHETIC = Path("data/raw/synthetic")
"""Where stage `synthesize` writes."""


class Model(BaseModel):
    """A part of params.yaml: no unknown key, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Corpus(Model):
    """Where a corpus lies and how its pictures are read."""

    path: Path
    index: str | None = None
    columns: dict[Literal["file", "person_id"], str] = {}
    clean_list: Path | None = None
    camera: Literal["left", "right"] | None = None
    corrupt_frames: Path | None = None
    every: PositiveInt | None = None

    @field_validator("index", "clean_list", "corrupt_frames")
    @classmethod
    def _lies_below_the_path(cls, name: str | Path | None) -> str | Path | None:
        if name is not None and (Path(name).is_absolute() or ".." in Path(name).parts):
            raise ValueError(f"{str(name)!r} is not allowed; allowed: a path below the corpus's")
        return name

    @model_validator(mode="after")
    def _source_takes_these(self) -> "Corpus":
        source = getattr(self, "source")  # noqa: B009
        for name in sorted(_OPTIONS & self.model_fields_set):
            if getattr(self, name) and name not in OPTIONS_OF[source]:
                raise ValueError(
                    f"{name}: source {source} does not take it; leave it empty. It takes: "
                    f"{', '.join(OPTIONS_OF[source])}"
                )
        return self

    @property
    def of_videos(self) -> bool:
        """Whether its items are frames."""
        return getattr(self, "source") in ("videos", "disfa")  # noqa: B009

    @property
    def synthetic(self) -> bool:
        """Whether its faces are the rendered ones."""
        return SYNTHETIC in self.path.parents

    def reader(self) -> dict[str, Any]:
        """What `corpora.open_corpus` takes; nothing here knows of labels or biographies.

        `clean_list` and `corrupt_frames` lie below `path`, so that DVC, which watches `path`,
        sees when they change.
        """
        told = self.model_dump(
            mode="json", include={"source", *Corpus.model_fields}, exclude_none=True
        )
        below = {name: str(self.path / told[name]) for name in _BELOW_PATH if name in told}
        return {**told, **below}


OPTIONS_OF = {
    "msceleb": ("clean_list",),
    "folder": ("index", "columns"),
    "videos": ("every",),
    "disfa": ("camera", "corrupt_frames"),
}
"""Source -> the keys that its reader takes."""
_OPTIONS = {name for names in OPTIONS_OF.values() for name in names}
_BELOW_PATH = ("clean_list", "corrupt_frames")


class Celebrities(Corpus):
    source: Source
    biographies: Path


class Coded(Corpus):
    source: CodedSource
    occurrence_threshold: Annotated[int, Field(ge=1, le=5)] = 2
    missing: tuple[int, ...] = ()


class Corpora(Model):
    celebrities: Celebrities
    coded: Coded

    def are_synthetic(self) -> bool:
        """Whether any face is a rendered one."""
        return self.celebrities.synthetic or self.coded.synthetic


class Synthesis(Model):
    people: PositiveInt
    pictures: PositiveInt
    subjects: Annotated[int, Field(ge=6, le=27)]
    frames: PositiveInt


class Faces(Model):
    crop: Annotated[int, Field(ge=192, le=512)]
    score_threshold: Share
    detection_size: Annotated[int, Field(ge=160, le=2048)]
    smallest_face: Annotated[int, Field(ge=1)]
    largest_picture: PositiveInt


class Annotator(Model):
    """What an annotator is told."""

    def shape(self, of_videos: bool) -> dict[str, Any]:  # noqa: ARG002
        """Of it, what its codes depend on, in a corpus of videos or one of pictures."""
        return self.model_dump(mode="json", exclude={"batch", "minimum_confidence"})


class Blendshapes(Annotator):
    """Nothing to set."""


class OpenFace(Annotator):
    command: Annotated[tuple[Word, ...], Field(min_length=1)]
    input: Literal["source", "crop"]
    videos: Literal["pictures", "static", "dynamic"]
    video_command: tuple[Word, ...]
    batch: PositiveInt
    timeout_s_per_image: Positive
    minimum_confidence: Share

    def shape(self, of_videos: bool) -> dict[str, Any]:
        as_videos = of_videos and self.videos != "pictures"
        unused = {"input"} if as_videos else {"videos", "video_command"}
        return {key: value for key, value in super().shape(of_videos).items() if key not in unused}

    @model_validator(mode="after")
    def _videos_have_a_program(self) -> "OpenFace":
        told = self.video_command or [word for word in self.command if "FaceLandmarkImg" in word]
        if self.videos != "pictures" and not told:
            raise ValueError(
                f"video_command: empty, and command {list(self.command)} does not call "
                "FaceLandmarkImg, so that FeatureExtraction could be called in its place"
            )
        return self


class Table(Annotator):
    path: Annotated[str, Field(min_length=1)]
    columns: dict[str, Word]
    mode: Literal["static", "dynamic"]
    minimum_confidence: Share

    @field_validator("columns")
    @classmethod
    def _columns_are_known(cls, columns: dict[str, str]) -> dict[str, str]:
        for key in columns:
            if not re.fullmatch(r"item|frame|face|confidence|success|AU\d\d_[cr]", key):
                raise ValueError(
                    f"unknown key {key!r}; allowed: item, frame, face, confidence, success, "
                    "AU12_c and AU12_r (two digits)"
                )
        return columns


class Annotators(Model):
    blendshapes: Blendshapes
    openface: OpenFace
    table: Table


class Identity(Model):
    embeddings: Word
    minimum_similarity: Annotated[float, Field(gt=0, lt=1)] | None = None


class PretrainTable(Model):
    validation: Annotated[float, Field(gt=0, lt=1)]
    duplicates: Literal["all", "one"]


class Duplicates(Model):
    distance: Annotated[int, Field(ge=0, le=6)]
    fine: Annotated[int, Field(ge=0, le=64)]


class FoldsSettings(Model):
    validation: Annotated[float, Field(gt=0, lt=1)]


class Net(Model):
    name: Literal["vgg13", "cnn2"]
    side: Annotated[int, Field(ge=16, le=512)]  # DVC's run cache is blind to a key named `size`
    channels: Literal[1, 3]
    margin: Annotated[float, Field(ge=0, lt=0.3)]


class Augment(Model):
    flip: Share
    rotation: Annotated[float, Field(ge=0, le=180)]
    skew: Annotated[float, Field(ge=0, le=45)]
    scale: Annotated[float, Field(ge=0, lt=1)]
    shift: Annotated[float, Field(ge=0, le=0.25)]
    zoom: Annotated[float, Field(ge=0, le=0.5)]
    brightness: Annotated[float, Field(ge=0, le=0.5)]
    contrast: Annotated[float, Field(ge=0, le=0.8)]
    blur: Annotated[float, Field(ge=0, le=4)]


class Training(Model):
    """What pre-training and finetuning share."""

    epochs: PositiveInt
    batch: PositiveInt
    learning_rate: Positive
    dropout: Share
    schedule: Literal["constant", "cosine", "one_cycle"]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    patience: PositiveInt
    augment: Augment
    sampling: Literal["uniform", "balanced"]


class Pretrain(Training):
    aus: Annotated[tuple[int, ...], Field(min_length=1)]
    images: Amount
    people: Amount
    balance: Balance
    per_person: Annotated[StrictInt, Field(gt=0)] | Literal["all"]
    labels: Literal["annotator", "agreed", "mean"]


class Finetune(Training):
    aus: Annotated[tuple[int, ...], Field(min_length=1)]


class Variant(Model):
    net: Net
    pretrain: Pretrain
    finetune: Finetune


class Evaluation(Model):
    bootstrap: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    reference: str


class Params(Model):
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    device: str
    precision: Literal["auto", "float32", "bfloat16"]
    workers: Literal["auto"] | PositiveInt
    backend: Literal["processes", "dask"]
    dask_scheduler: str | None = None
    corpora: Corpora
    people_overrides: Path
    synthesis: Synthesis
    faces: Faces
    annotator: AnnotatorName
    beside: tuple[AnnotatorName, ...]
    annotators: Annotators
    duplicates: Duplicates
    identity: Identity
    pretrain_table: PretrainTable
    folds: FoldsSettings
    fold_names: tuple[PositiveInt, ...]
    defaults: Variant
    active: Annotated[tuple[str, ...], Field(min_length=1)]
    variants: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Variant]
    evaluation: Evaluation

    def knobs(self, annotator: str) -> dict[str, Any]:
        """An annotator's settings by its name; ParamsError names the known ones."""
        if annotator not in Annotators.model_fields:
            known = ", ".join(Annotators.model_fields)
            raise ParamsError(f"unknown annotator {annotator!r}; known: {known}")
        told: dict[str, Any] = getattr(self.annotators, annotator).model_dump(mode="json")
        return told

    def minimum_confidence(self, annotator: str) -> float:
        """An annotator's labels below it stay in its table and out of pre-training."""
        return float(getattr(getattr(self.annotators, annotator), "minimum_confidence", 0.0))

    def cluster(self) -> str | None:
        """Who does the work, as `jobs.run` takes it: no cluster, `local`, or an address."""
        return (self.dask_scheduler or "local") if self.backend == "dask" else None

    def check_fold(self, fold: int) -> None:
        """ParamsError for a fold that there is not."""
        if fold not in self.fold_names:
            raise ParamsError(f"unknown fold {fold}; known: {list(self.fold_names)}")

    def variant(self, name: str) -> Variant:
        """A variant by name; ParamsError names the known ones."""
        if name not in self.variants:
            raise ParamsError(
                f"unknown variant {name!r}{_hint(name, self.variants)}; "
                f"known: {', '.join(self.variants)}"
            )
        return self.variants[name]

    @field_validator("device")
    @classmethod
    def _device_is_known(cls, device: str) -> str:
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
            raise ValueError(f"{device!r} is not allowed; allowed: auto, cpu, cuda, cuda:1")
        return device

    @field_validator("dask_scheduler")
    @classmethod
    def _scheduler_is_an_address(cls, address: str | None) -> str | None:
        if address and not re.fullmatch(r"(tcp|tls)://.+:\d+", address):
            raise ValueError(f"{address!r} is not allowed; allowed: tcp://host:port, or empty")
        return address

    @model_validator(mode="before")
    @classmethod
    def _merge_defaults_into_variants(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("variants"), dict):
            return raw
        for name, own in raw["variants"].items():
            for part in Variant.model_fields:
                if isinstance(own, dict) and part not in own:
                    raise ValueError(
                        f"variants.{name}: no {part}; write `{part}: {{}}` where nothing changes, "
                        "so that DVC can watch it"
                    )
        defaults = raw.get("defaults")
        merged = {name: _merge(defaults, own) for name, own in raw["variants"].items()}
        for name, own in raw["variants"].items():
            if _balances_nothing(own, merged[name]):
                raise ValueError(
                    f"variants.{name}.pretrain.balance: {own['pretrain']['balance']!r}, but images "
                    "and people are both all, so that nothing is drawn; write a number or a share "
                    "of them, or leave balance out"
                )
        return {**raw, "variants": merged}

    @model_validator(mode="after")
    def _the_scheduler_is_used(self) -> "Params":
        if self.dask_scheduler and self.backend != "dask":
            raise ValueError(
                f"dask_scheduler: backend {self.backend} does not use it; set backend: dask, or "
                "leave it empty"
            )
        return self

    @model_validator(mode="after")
    def _names_agree(self) -> "Params":
        known = ", ".join(self.variants)
        for name in self.active:
            if name not in self.variants:
                raise ValueError(
                    f"active: unknown variant {name!r}{_hint(name, self.variants)}; known: {known}"
                )
        if len(set(self.active)) != len(self.active):
            raise ValueError(f"active: a variant is named twice: {', '.join(self.active)}")
        if self.evaluation.reference not in self.active:
            raise ValueError(
                f"evaluation.reference: {self.evaluation.reference!r} is not an active variant; "
                f"active: {', '.join(self.active)}"
            )
        if self.fold_names != tuple(range(1, len(self.fold_names) + 1)) or len(self.fold_names) < 2:
            raise ValueError(
                f"fold_names: {list(self.fold_names)} is not [1, 2, ...] up to the "
                "number of folds, at least 2"
            )
        coders = (self.annotator, *self.beside)
        if len(set(coders)) < len(coders):
            raise ValueError(
                f"beside: {list(self.beside)} beside annotator {self.annotator}: each annotator "
                "is named once"
            )
        for name in self.active:
            labels = self.variants[name].pretrain.labels
            if labels != "annotator" and not self.beside:
                raise ValueError(
                    f"variants.{name}.pretrain.labels: {labels!r} joins the labels of several "
                    "annotators, and `beside` names none; name one there, or write `annotator`"
                )
        finetuned = {self.variants[name].finetune.aus for name in self.active}
        if len(finetuned) > 1:
            raise ValueError("active: variants with different finetune.aus cannot be compared")
        _check_variant("defaults", self.defaults)
        for name, variant in self.variants.items():
            _check_variant(f"variants.{name}", variant)
        return self


def _balances_nothing(own: Any, merged: Any) -> bool:
    """Whether a variant itself states a balance and draws neither pictures nor people."""
    told, whole = (
        part.get("pretrain") if isinstance(part, dict) else None for part in (own, merged)
    )
    if not isinstance(told, dict) or not isinstance(whole, dict):
        return False
    return "balance" in told and whole.get("images") == whole.get("people") == "all"


def _check_variant(where: str, variant: "Variant") -> None:
    if where.removeprefix("variants.") in _TAKEN_NAMES:
        raise ValueError(f"{where}: the name is taken by a method or a column; rename it")
    if variant.net.side % 16:
        raise ValueError(f"{where}.net.side: {variant.net.side} is not a multiple of 16")
    if (variant.pretrain.images == 0) != (variant.pretrain.people == 0):
        raise ValueError(
            f"{where}.pretrain: images: {variant.pretrain.images} and people: "
            f"{variant.pretrain.people}: no pre-training is 0 for both"
        )
    for part, known in (("pretrain", _KNOWN_AUS), ("finetune", aus.DISFA_12)):
        named = getattr(variant, part).aus
        for au in named:
            if au not in known:
                raise ValueError(f"{where}.{part}.aus: unknown AU {au!r}; known: {list(known)}")
        if len(set(named)) < len(named):
            raise ValueError(f"{where}.{part}.aus: an AU is named twice: {list(named)}")


_TAKEN_NAMES = {
    "annotator", "always_positive", "face_id", "subject", "gender", "region", "split", "mean",
}  # fmt: skip
_KNOWN_AUS = tuple(sorted({*aus.OPENFACE_17, *aus.DISFA_12, 45}))


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises ParamsError: the key's full path, the value, what is allowed.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: not YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ParamsError(f"{path}: expected keys and values, found {type(raw).__name__}")
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        raise ParamsError("\n".join(f"{path}: {text}" for text in _explain(error))) from error


def _merge(defaults: Any, own: Any) -> Any:
    """`own` over `defaults`, key by key; what is not a mapping replaces."""
    if not isinstance(defaults, dict) or not isinstance(own, dict):
        return own
    return {
        **defaults,
        **{
            # given shares replace others, since both together would not sum to 1
            key: value if key == "balance" else _merge(defaults.get(key), value)
            for key, value in own.items()
        },
    }


def _explain(error: ValidationError) -> list[str]:
    """A line per key that is wrong; what a variant took from `defaults` is told once, there."""
    lines: dict[str, list[str]] = {}
    for problem in error.errors():
        where = [str(part) for part in problem["loc"] if str(part) not in _BRANCHES]
        lines.setdefault(".".join(where), []).append(_describe(problem, where))
    inherited = {key.removeprefix("defaults.") for key in lines if key.startswith("defaults.")}
    return [
        f"{key}: {', or '.join(dict.fromkeys(texts))}" if key else texts[0]
        for key, texts in lines.items()
        if not (key.startswith("variants.") and key.split(".", 2)[-1] in inherited)
    ]


_BRANCHES = (  # of unions
    *("int", "str", "constrained-int", "literal['all']", "literal['auto']"),
    *("function-after[_amount(), union[int,str]]", "dict[str,float]"),
)


def _describe(problem: Any, where: list[str]) -> str:
    """What is wrong with one key, and what is allowed."""
    kind, found = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        siblings = _fields_at(where[:-1])
        return f"unknown key{_hint(where[-1], siblings)}; allowed: {', '.join(siblings)}"
    if kind == "missing":
        return "missing"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if where[-1] == "source" and found in RESERVED_SOURCES:
        return f"the reader for {found!r} is not built yet; allowed: {_allowed(problem)}"
    if kind == "literal_error":
        return f"{found!r} is not allowed; allowed: {_allowed(problem)}"
    return f"{found!r}: {re.sub('^Input', 'it', problem['msg'])}"


def _allowed(problem: Any) -> str:
    return str(problem["ctx"]["expected"]).replace("'", "")


def _fields_at(where: list[str]) -> list[str]:
    """The keys that params.yaml may have at a place; names of variants are passed over."""
    model: type[BaseModel] = Params
    for part in where:
        if part in model.model_fields:
            annotation = model.model_fields[part].annotation
            model = next(kind for kind in (annotation, *get_args(annotation)) if _is_model(kind))
    return list(model.model_fields)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _hint(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
